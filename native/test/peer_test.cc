// Who is at the other end of a socket, and whether it still lives.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <string>

#include "sys/clock.h"
#include "sys/listener.h"
#include "sys/unix_socket.h"
#include "test/test.h"

namespace coroipc::sys {
namespace {

// A child that is connected to a listener of this process, until it is ended.
class ConnectedChild {
 public:
  ConnectedChild() {
    const std::string name = std::string("coroipc-peer-").append(std::to_string(getpid()));
    Result<Listener> listener = Listener::open(name, {}, 1);
    if (!listener.ok()) return;
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      listener.value().reset();
      const Result<Fd> socket = connect_to(name);
      for (;;) pause();
    }
    if (wait_for(listener.value().fd(), POLLIN, deadline_after_ms(20'000)) == 0) return;
    Result<Fd> accepted = accept_one(listener.value().fd());
    if (accepted.ok()) socket_ = std::move(accepted.value());
  }
  ~ConnectedChild() {
    kill_it();
    bury();
  }
  [[nodiscard]] const Fd& socket() const { return socket_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  void kill_it() const {
    if (pid_ > 0) kill(pid_, SIGKILL);
  }
  void bury() {
    if (pid_ > 0) CHECK_EQ(waitpid(std::exchange(pid_, -1), nullptr, 0) > 0, true);
  }

 private:
  pid_t pid_ = -1;
  Fd socket_;
};

// What the kernel under the tests can do, found out without the code under test: a pidfd of the
// peer came with Linux 6.5.
bool kernel_knows_pidfds_of_peers(const Fd& socket) {
  int fd = -1;
  socklen_t length = sizeof fd;
  if (getsockopt(socket.get(), SOL_SOCKET, 77, &fd, &length) != 0) return false;
  close(fd);
  return true;
}

TEST(peer_mark_is_seen_before_accept_and_after_the_peers_end) {
  const std::string name = std::string("coroipc-mark-").append(std::to_string(getpid()));
  Result<Listener> listener = Listener::open(name, {}, 4);
  REQUIRE(listener.ok());
  std::string marked;
  std::string other;
  {
    Result<Fd> one = connect_to(name);
    Result<Fd> two = connect_to(name);
    const Result<Fd> unmarked = connect_to(name);
    REQUIRE(one.ok() && two.ok() && unmarked.ok());
    marked = mark(one.value());
    other = mark(two.value());
    // A second mark would be another's.
    CHECK(mark(one.value()).empty());
  }
  CHECK_EQ(marked.size(), kMarkDigits);
  CHECK(marked != other);
  for (const std::string& expected : {marked, other, std::string()}) {
    Result<Fd> accepted = accept_one(listener.value().fd());
    REQUIRE(accepted.ok());
    CHECK_EQ(peer_mark(accepted.value()), expected);
  }
}

TEST(peer_mark_is_taken_only_if_it_can_be_one) {
  const std::string name = std::string("coroipc-mark-").append(std::to_string(getpid()));
  Result<Listener> listener = Listener::open(name, {}, 4);
  REQUIRE(listener.ok());
  for (const char* own : {"coroipc-client-../../etc/passw", "coroipc-client-0123456789abcde",
                          "coroipc-Client-0123456789abcdef", "x"}) {
    Result<Fd> socket = stream_socket();
    Result<sockaddr_un> address = address_of(own);
    Result<sockaddr_un> to = address_of(name);
    REQUIRE(socket.ok() && address.ok() && to.ok());
    const int fd = socket.value().get();
    const auto* at = reinterpret_cast<const sockaddr*>(&address.value());
    REQUIRE_EQ(bind(fd, at, sizeof(sockaddr_un)), 0);
    at = reinterpret_cast<const sockaddr*>(&to.value());
    REQUIRE_EQ(connect(fd, at, sizeof(sockaddr_un)), 0);
    Result<Fd> accepted = accept_one(listener.value().fd());
    REQUIRE(accepted.ok());
    CHECK_EQ(peer_mark(accepted.value()), "");
  }
}

TEST(peer_pidfd_tells_when_the_peer_has_ended) {
  ConnectedChild child;
  REQUIRE(child.socket().open());
  Result<Fd> pidfd = peer_pidfd(child.socket());
  if (!kernel_knows_pidfds_of_peers(child.socket())) {
    REQUIRE(!pidfd.ok());
    CHECK(pidfd.failure().status == Status::kErrNotSupported);
    return;
  }
  REQUIRE(pidfd.ok());
  CHECK((fcntl(pidfd.value().get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(!process_ended(pidfd.value()));
  child.kill_it();
  CHECK(wait_for(pidfd.value(), POLLIN, deadline_after_ms(20'000)) != 0);
  CHECK(process_ended(pidfd.value()));
  child.bury();
  CHECK(process_ended(pidfd.value()));
}

TEST(peer_pidfd_of_a_peer_that_is_gone_is_a_failure_or_says_so) {
  ConnectedChild child;
  REQUIRE(child.socket().open());
  child.kill_it();
  child.bury();
  Result<Fd> pidfd = peer_pidfd(child.socket());
  CHECK(pidfd.ok() ? process_ended(pidfd.value()) : pidfd.failure().code != 0);
}

TEST(peer_pidfd_of_what_is_no_socket_is_a_failure) {
  const Fd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  Result<Fd> pidfd = peer_pidfd(file);
  REQUIRE(!pidfd.ok());
  CHECK_EQ(pidfd.failure().code, ENOTSOCK);
  CHECK_EQ(std::string(pidfd.failure().call), "getsockopt");
}

// The number of the step that failed; 0 when all went well.
int ask_a_kernel_without_pidfds(const Fd& socket) {
  std::array<sock_filter, 6> rules = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsockopt, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 77, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOPROTOOPT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{rules.size(), rules.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 1;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) return 2;
  if (!peer_credentials(socket).ok()) return 3;
  const Result<Fd> pidfd = peer_pidfd(socket);
  if (pidfd.ok()) return 4;
  return pidfd.failure().status == Status::kErrNotSupported ? 0 : 5;
}

TEST(peer_pidfd_is_not_supported_where_the_kernel_has_none) {
  const ConnectedChild child;
  REQUIRE(child.socket().open());
  const pid_t asking = fork();
  if (asking == 0) _exit(ask_a_kernel_without_pidfds(child.socket()));
  int outcome = 0;
  REQUIRE_EQ(waitpid(asking, &outcome, 0), asking);
  REQUIRE(WIFEXITED(outcome));
  CHECK_EQ(WEXITSTATUS(outcome), 0);
}

}  // namespace
}  // namespace coroipc::sys
