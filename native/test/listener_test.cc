#include "sys/listener.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "sys/unix_socket.h"
#include "test/test.h"

namespace coroipc::sys {
namespace {

constexpr int kBacklog = 8;
constexpr uid_t kNobody = 65534;

// A directory that anybody may look into, with room for one socket and one other file.
class Directory {
 public:
  Directory() : path_("/tmp/coroipc-listener-XXXXXX") {
    CHECK(mkdtemp(path_.data()) != nullptr);
    CHECK_EQ(chmod(path_.c_str(), 0755), 0);
  }
  ~Directory() {
    unlink(at("socket").c_str());
    unlink(at("other").c_str());
    CHECK_EQ(rmdir(path_.c_str()), 0);
  }
  [[nodiscard]] std::string at(const char* name) const { return path_ + "/" + name; }
  [[nodiscard]] std::string socket() const { return at("socket"); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

bool exists(const std::string& path) {
  struct stat found {};
  return lstat(path.c_str(), &found) == 0;
}

mode_t mode_of(const std::string& path) {
  struct stat found {};
  return lstat(path.c_str(), &found) == 0 ? found.st_mode & 07777 : 0xffff;
}

ino_t inode_of(const std::string& path) {
  struct stat found {};
  return lstat(path.c_str(), &found) == 0 ? found.st_ino : 0;
}

Status opened(const std::string& name, const Listener::Access& access = {}) {
  Result<Listener> listener = Listener::open(name, access, kBacklog);
  return listener.ok() ? Status::kOk : listener.failure().status;
}

// The errno with which a connection fails; 0 when it is made.
int connecting(const std::string& name) {
  Result<Fd> socket = connect_to(name);
  return socket.ok() ? 0 : socket.failure().code;
}

// Runs `body` in a child process; its exit code, or -1 when a signal ended it.
template <class Body>
int in_child(Body&& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int outcome = 0;
  if (child < 0 || waitpid(child, &outcome, 0) != child || !WIFEXITED(outcome)) return -1;
  return WEXITSTATUS(outcome);
}

// Leaves a socket as a server leaves it that is killed.
void leave_stale(const std::string& path) {
  CHECK_EQ(in_child([&] {
             Result<Listener> listener = Listener::open(path, {}, kBacklog);
             if (!listener.ok()) return 1;
             raise(SIGKILL);
             return 2;
           }),
           -1);
  CHECK(exists(path));
  CHECK_EQ(connecting(path), ECONNREFUSED);
}

TEST(listener_hears_who_connects_by_name_or_path) {
  const Directory directory;
  const std::string abstract = std::string("coroipc-listener-").append(std::to_string(getpid()));
  for (const std::string& name : {abstract, directory.socket()}) {
    Result<Listener> listener = Listener::open(name, {}, kBacklog);
    REQUIRE(listener.ok());
    Result<Fd> client = connect_to(name);
    REQUIRE(client.ok());
    Result<Fd> server = accept_one(listener.value().fd());
    REQUIRE(server.ok());
    Result<Credentials> peer = peer_credentials(server.value());
    REQUIRE(peer.ok());
    CHECK_EQ(peer.value().pid, getpid());
    CHECK(opened(name) == Status::kErrExist);
    CHECK_EQ(connecting(name), 0);
    listener.value().reset();
    listener.value().reset();
    CHECK_EQ(connecting(name), is_path(name) ? ENOENT : ECONNREFUSED);
    CHECK(connect_to(name).failure().status == Status::kErrTryAgain);
  }
  CHECK(!exists(directory.socket()));
}

TEST(listener_of_a_full_backlog_is_live_and_says_try_again) {
  const Directory directory;
  Result<Listener> listener = Listener::open(directory.socket(), {}, 0);
  REQUIRE(listener.ok());
  std::array<Fd, 4> waiting;
  int code = 0;
  for (Fd& each : waiting) {
    Result<Fd> socket = connect_to(directory.socket());
    if (socket.ok()) each = std::move(socket.value());
    if (!socket.ok()) code = socket.failure().code;
  }
  CHECK_EQ(code, EAGAIN);
  CHECK(opened(directory.socket()) == Status::kErrExist);
  CHECK(exists(directory.socket()));
}

TEST(listener_refuses_names_that_cannot_be_one) {
  const Directory directory;
  CHECK(opened("") == Status::kErrInvalidParam);
  CHECK(opened("/") == Status::kErrInvalidParam);
  CHECK(opened(directory.path() + "/") == Status::kErrInvalidParam);
  CHECK(opened(directory.at(".")) == Status::kErrInvalidParam);
  CHECK(opened(directory.at("..")) == Status::kErrInvalidParam);
  CHECK(opened(directory.socket() + std::string("\0x", 2)) == Status::kErrInvalidParam);
  CHECK(opened(directory.at("none/socket")) != Status::kOk);
  CHECK(opened(std::string(kMaxNameBytes + 1, 'x')) == Status::kErrNameTooLong);
  std::string longest = directory.path() + "/";
  longest.resize(kMaxNameBytes, 'x');
  CHECK(opened(longest) == Status::kOk);
  CHECK(opened(longest + "x") == Status::kErrNameTooLong);
  CHECK(connect_to(longest + "x").failure().status == Status::kErrNameTooLong);
  CHECK(connect_to("").failure().status == Status::kErrInvalidParam);
  CHECK(opened(directory.socket(), {.mode = 01600, .uid = {}, .gid = {}}) ==
        Status::kErrInvalidParam);
  CHECK(!exists(directory.socket()));
}

TEST(listener_refuses_an_access_that_an_abstract_name_cannot_keep) {
  const std::string name = std::string("coroipc-access-").append(std::to_string(getpid()));
  CHECK(opened(name, {.mode = 0600, .uid = {}, .gid = {}}) == Status::kErrInvalidParam);
  CHECK(opened(name, {.mode = {}, .uid = getuid(), .gid = {}}) == Status::kErrInvalidParam);
  CHECK(opened(name, {.mode = {}, .uid = {}, .gid = getgid()}) == Status::kErrInvalidParam);
}

TEST(listener_gives_its_path_the_mode_asked_for_whatever_the_umask) {
  const Directory directory;
  for (const mode_t mask : {mode_t{0}, mode_t{077}, mode_t{0777}}) {
    const mode_t before = umask(mask);
    Result<Listener> plain = Listener::open(directory.socket(), {}, kBacklog);
    CHECK(plain.ok());
    CHECK_EQ(mode_of(directory.socket()), 0600);
    if (plain.ok()) plain.value().reset();
    for (const mode_t mode : {mode_t{0666}, mode_t{0660}, mode_t{0060}, mode_t{0777}}) {
      Result<Listener> listener =
          Listener::open(directory.socket(), {.mode = mode, .uid = {}, .gid = {}}, kBacklog);
      CHECK(listener.ok());
      CHECK_EQ(mode_of(directory.socket()), mode);
    }
    umask(before);
  }
}

// Makes a system call of this process do nothing and say that it did.
bool make_void(long call) {
  std::array<sock_filter, 4> rules = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{rules.size(), rules.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

TEST(listener_shows_no_path_with_a_laxer_mode_before_it_has_its_own) {
  const Directory directory;
  // With a chmod that does nothing, what is left is the mode with which the file appeared.
  CHECK_EQ(in_child([&] {
             umask(0);
             if (!make_void(SYS_fchmodat)) return 1;
             Result<Listener> listener =
                 Listener::open(directory.socket(), {.mode = 0666, .uid = {}, .gid = {}}, kBacklog);
             if (!listener.ok()) return 2;
             return mode_of(directory.socket()) == 0600 ? 0 : 3;
           }),
           0);
  // With a listen that does nothing, what is left is whom it would hear once it has its mode.
  CHECK_EQ(in_child([&] {
             if (!make_void(SYS_listen)) return 1;
             Result<Listener> listener =
                 Listener::open(directory.socket(), {.mode = 0666, .uid = {}, .gid = {}}, kBacklog);
             if (!listener.ok()) return 2;
             if (mode_of(directory.socket()) != 0666) return 3;
             return connecting(directory.socket()) == ECONNREFUSED ? 0 : 4;
           }),
           0);
}

TEST(listener_keeps_out_whom_the_mode_keeps_out) {
  const Directory directory;
  const bool root = geteuid() == 0;
  const auto as_stranger = [&] {
    if (root && (setgroups(0, nullptr) != 0 || setgid(kNobody) != 0 || setuid(kNobody) != 0))
      return 255;
    return connecting(directory.socket());
  };
  // Who is not root has nobody to be but the owner, whom a mode without a bit for him keeps out.
  const mode_t shut = root ? 0600 : 0066;
  const mode_t ajar = root ? 0602 : 0266;
  Result<Listener> listener =
      Listener::open(directory.socket(), {.mode = shut, .uid = {}, .gid = {}}, kBacklog);
  REQUIRE(listener.ok());
  CHECK_EQ(in_child(as_stranger), EACCES);
  listener.value().reset();
  listener = Listener::open(directory.socket(), {.mode = ajar, .uid = {}, .gid = {}}, kBacklog);
  REQUIRE(listener.ok());
  CHECK_EQ(in_child(as_stranger), 0);
}

TEST(listener_gives_its_path_to_the_owner_asked_for_or_leaves_none) {
  const Directory directory;
  const uid_t uid = geteuid() == 0 ? kNobody : getuid();
  const gid_t gid = geteuid() == 0 ? kNobody : getgid();
  {
    Result<Listener> listener =
        Listener::open(directory.socket(), {.mode = 0640, .uid = uid, .gid = gid}, kBacklog);
    REQUIRE(listener.ok());
    struct stat found {};
    REQUIRE_EQ(lstat(directory.socket().c_str(), &found), 0);
    CHECK_EQ(found.st_uid, uid);
    CHECK_EQ(found.st_gid, gid);
    CHECK_EQ(mode_of(directory.socket()), 0640);
  }
  CHECK(!exists(directory.socket()));
  CHECK_EQ(
      in_child([&] {
        if (geteuid() == 0 && (chown(directory.path().c_str(), kNobody, kNobody) != 0 ||
                               setgid(kNobody) != 0 || setuid(kNobody) != 0))
          return 1;
        if (opened(directory.socket(), {.mode = {}, .uid = 0, .gid = {}}) != Status::kErrAccess)
          return 2;
        return exists(directory.socket()) ? 3 : 0;
      }),
      0);
}

TEST(listener_replaces_what_a_dead_server_left) {
  const Directory directory;
  leave_stale(directory.socket());
  Result<Listener> listener = Listener::open(directory.socket(), {}, kBacklog);
  REQUIRE(listener.ok());
  CHECK_EQ(connecting(directory.socket()), 0);
}

TEST(listener_removes_nothing_that_is_no_socket) {
  const Directory directory;
  const std::string path = directory.socket();
  const auto stays = [&] {
    const ino_t before = inode_of(path);
    CHECK(opened(path) == Status::kErrExist);
    CHECK_EQ(inode_of(path), before);
  };
  Fd(open(path.c_str(), O_CREAT | O_WRONLY, 0600)).reset();
  stays();
  unlink(path.c_str());
  REQUIRE_EQ(mkfifo(path.c_str(), 0600), 0);
  stays();
  unlink(path.c_str());
  REQUIRE_EQ(mkdir(path.c_str(), 0700), 0);
  stays();
  rmdir(path.c_str());
  // Neither a link to a stale socket nor one to nothing is the socket.
  leave_stale(directory.at("other"));
  REQUIRE_EQ(symlink(directory.at("other").c_str(), path.c_str()), 0);
  stays();
  CHECK(exists(directory.at("other")));
  unlink(directory.at("other").c_str());
  stays();
}

TEST(listener_removes_its_path_only_while_it_is_its_own) {
  const Directory directory;
  Result<Listener> first = Listener::open(directory.socket(), {}, kBacklog);
  REQUIRE(first.ok());
  REQUIRE_EQ(unlink(directory.socket().c_str()), 0);
  Result<Listener> second = Listener::open(directory.socket(), {}, kBacklog);
  REQUIRE(second.ok());
  first.value().reset();
  CHECK(exists(directory.socket()));
  CHECK_EQ(connecting(directory.socket()), 0);
  // A forked copy of a listener that ends in order takes nothing away from the one it was copied
  // from.
  CHECK_EQ(in_child([&] {
             second.value().reset();
             return 0;
           }),
           0);
  CHECK(exists(directory.socket()));
  Listener moved(std::move(second.value()));
  second.value().reset();
  CHECK(exists(directory.socket()));
  moved = Listener();
  CHECK(!exists(directory.socket()));
}

TEST(listener_gives_up_on_a_directory_that_somebody_keeps_locked) {
  const Directory directory;
  const Fd hold(open(directory.path().c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE_EQ(flock(hold.get(), LOCK_EX), 0);
  Result<Listener> listener = Listener::open(directory.socket(), {}, kBacklog);
  REQUIRE(!listener.ok());
  CHECK(listener.failure().status == Status::kErrTryAgain);
  CHECK_EQ(std::string(listener.failure().call), "flock");
  CHECK(!exists(directory.socket()));
  REQUIRE_EQ(flock(hold.get(), LOCK_UN), 0);
  CHECK(opened(directory.socket()) == Status::kOk);
}

// A server that starts when told to, says how that went by one byte, and stays until told to end.
class Contender {
 public:
  explicit Contender(const std::string& path) {
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_), 0);
    pid_ = fork();
    if (pid_ == 0) _exit(contend(path));
    close(ends_[1]);
  }
  ~Contender() {
    close(ends_[0]);
    CHECK_EQ(waitpid(pid_, nullptr, 0), pid_);
  }
  void start() { CHECK_EQ(::write(ends_[0], "", 1), 1); }
  [[nodiscard]] Status outcome() const {
    uint8_t told = 0;
    return read(ends_[0], &told, 1) == 1 ? static_cast<Status>(told) : Status::kErrLibrary;
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  int contend(const std::string& path) {
    close(ends_[0]);
    uint8_t byte = 0;
    if (read(ends_[1], &byte, 1) != 1) return 1;
    Result<Listener> listener = Listener::open(path, {}, kBacklog);
    byte = static_cast<uint8_t>(listener.ok() ? Status::kOk : listener.failure().status);
    if (::write(ends_[1], &byte, 1) != 1) return 2;
    return read(ends_[1], &byte, 1) == 0 ? 0 : 3;
  }

  int ends_[2] = {-1, -1};
  pid_t pid_ = -1;
};

TEST(listeners_that_start_at_once_on_a_stale_path_have_one_winner_whose_socket_stays) {
  const Directory directory;
  for (int round = 0; round < 50; ++round) {
    leave_stale(directory.socket());
    {
      Contender one(directory.socket());
      Contender other(directory.socket());
      one.start();
      other.start();
      const Status first = one.outcome();
      const Status second = other.outcome();
      CHECK((first == Status::kOk) != (second == Status::kOk));
      CHECK((first == Status::kOk ? second : first) == Status::kErrExist);
      Result<Fd> socket = connect_to(directory.socket());
      REQUIRE(socket.ok());
      Result<Credentials> winner = peer_credentials(socket.value());
      REQUIRE(winner.ok());
      CHECK_EQ(winner.value().pid, first == Status::kOk ? one.pid() : other.pid());
    }
    CHECK(!exists(directory.socket()));
  }
}

}  // namespace
}  // namespace coroipc::sys
