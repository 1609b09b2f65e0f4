#include "sys/listener.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>

#include "sys/clock.h"
#include "sys/unix_socket.h"

namespace coroipc::sys {

namespace {

constexpr mode_t kDefaultMode = 0600;
constexpr mode_t kModeBits = 0777;
constexpr int64_t kLockPatienceNs = 1'000'000'000;
constexpr int64_t kLockPauseNs = 1'000'000;

// A directory that nobody else who asks for it has, until the end of this object's life.
class LockedDirectory {
 public:
  static Result<LockedDirectory> lock(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.open()) return system_failure("open");
    const int64_t deadline = now_ns() + kLockPatienceNs;
    // Never a wait without an end: whoever can read the directory can hold its lock.
    while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if ((errno != EWOULDBLOCK && errno != EINTR) || now_ns() > deadline)
        return system_failure("flock");
      const timespec pause = timespec_of(kLockPauseNs);
      nanosleep(&pause, nullptr);
    }
    return LockedDirectory(std::move(fd));
  }
  LockedDirectory(LockedDirectory&&) noexcept = default;
  LockedDirectory& operator=(LockedDirectory&&) noexcept = delete;
  // Closing would not do: a child that another thread just forked shares the lock until its exec.
  ~LockedDirectory() {
    if (fd_.open()) flock(fd_.get(), LOCK_UN);
  }

  [[nodiscard]] int get() const { return fd_.get(); }

 private:
  explicit LockedDirectory(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

Outcome bind_to(const Fd& socket, const std::string& name) {
  Result<sockaddr_un> address = address_of(name);
  if (!address.ok()) return address.failure();
  const auto* const at = reinterpret_cast<const sockaddr*>(&address.value());
  if (bind(socket.get(), at, sizeof(sockaddr_un)) != 0) return system_failure("bind");
  return Nothing{};
}

Outcome start_listening(const Fd& socket, int backlog) {
  if (listen(socket.get(), backlog) != 0) return system_failure("listen");
  return Nothing{};
}

// Makes room for a socket at `path`, whose directory is locked: removes a socket that nobody
// listens on, which the kernel tells by ECONNREFUSED.
Outcome clear_the_way(const LockedDirectory& directory, const std::string& path,
                      const std::string& name) {
  struct stat found {};
  if (fstatat(directory.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return Nothing{};
    return system_failure("fstatat");
  }
  const Failure taken = system_failure("bind", EADDRINUSE);
  if (!S_ISSOCK(found.st_mode)) return taken;
  Result<Fd> answer = connect_to(path);
  if (answer.ok()) return taken;
  switch (answer.failure().code) {
    case ECONNREFUSED:
      break;
    case EAGAIN:      // its backlog is full
    case EACCES:      // it cannot be told from a live one
    case EPROTOTYPE:  // it listens for another kind of socket
      return taken;
    default:
      return answer.failure();
  }
  if (unlinkat(directory.get(), name.c_str(), 0) != 0 && errno != ENOENT)
    return system_failure("unlinkat");
  return Nothing{};
}

// Gives the file `file`, which is opened by O_PATH, its owner, then its mode: in this order there
// is no moment at which the mode is the group's that had the file first. By descriptor, because a
// name may be another file's by now.
Outcome give_access(const Fd& file, const Listener::Access& access) {
  constexpr uid_t kKeep = static_cast<uid_t>(-1);
  if (access.uid.has_value() || access.gid.has_value()) {
    if (fchownat(file.get(), "", access.uid.value_or(kKeep), access.gid.value_or(kKeep),
                 AT_EMPTY_PATH) != 0)
      return system_failure("fchownat");
  }
  // fchmod(2) does not take such a descriptor; its entry in /proc leads to the same file.
  const std::string entry = std::string("/proc/self/fd/").append(std::to_string(file.get()));
  if (fchmodat(AT_FDCWD, entry.c_str(), access.mode.value_or(kDefaultMode), 0) != 0)
    return system_failure("fchmodat");
  return Nothing{};
}

}  // namespace

Listener::Listener(Listener&& other) noexcept
    : socket_(std::move(other.socket_)), place_(std::exchange(other.place_, std::nullopt)) {}

Listener& Listener::operator=(Listener&& other) noexcept {
  if (this != &other) {
    reset();
    socket_ = std::move(other.socket_);
    place_ = std::exchange(other.place_, std::nullopt);
  }
  return *this;
}

Result<Listener> Listener::open(const std::string& name, const Access& access, int backlog) {
  if (is_path(name)) return open_path(name, access, backlog);
  if (access.mode.has_value() || access.uid.has_value() || access.gid.has_value())
    return Failure{Status::kErrInvalidParam};
  Result<Fd> socket = stream_socket();
  if (!socket.ok()) return socket.failure();
  if (Outcome bound = bind_to(socket.value(), name); !bound.ok()) return bound.failure();
  Outcome listening = start_listening(socket.value(), backlog);
  if (!listening.ok()) return listening.failure();
  return Listener(std::move(socket.value()));
}

Result<Listener> Listener::open_path(const std::string& path, const Access& access, int backlog) {
  const mode_t mode = access.mode.value_or(kDefaultMode);
  const size_t slash = path.rfind('/');
  const std::string name = path.substr(slash + 1);
  if ((mode & ~kModeBits) != 0 || name.empty() || name == "." || name == "..")
    return Failure{Status::kErrInvalidParam};
  if (Result<sockaddr_un> address = address_of(path); !address.ok()) return address.failure();
  // Unlocked last, so that what fails below is removed before anybody may replace it.
  Result<LockedDirectory> directory = LockedDirectory::lock(path.substr(0, slash + 1));
  if (!directory.ok()) return directory.failure();
  Result<Fd> socket = stream_socket();
  if (!socket.ok()) return socket.failure();
  Listener listener(std::move(socket.value()));
  Outcome cleared = clear_the_way(directory.value(), path, name);
  if (!cleared.ok()) return cleared.failure();
  // bind(2) gives the file the mode of the socket's own inode, less the umask.
  if (fchmod(listener.socket_.get(), mode & S_IRWXU) != 0) return system_failure("fchmod");
  if (Outcome bound = bind_to(listener.socket_, path); !bound.ok()) return bound.failure();

  struct stat made {};
  if (fstatat(directory.value().get(), name.c_str(), &made, AT_SYMLINK_NOFOLLOW) != 0)
    return system_failure("fstatat");
  listener.place_ = Place{path, made.st_dev, made.st_ino, getpid()};
  const Fd file(openat(directory.value().get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!file.open()) return system_failure("openat");
  struct stat opened {};
  if (fstat(file.get(), &opened) != 0) return system_failure("fstat");
  // Whoever else may write to the directory has put something in the place of what was bound.
  if (!S_ISSOCK(opened.st_mode) || opened.st_ino != made.st_ino || opened.st_dev != made.st_dev)
    return system_failure("bind", EADDRINUSE);
  if (Outcome given = give_access(file, access); !given.ok()) return given.failure();
  Outcome listening = start_listening(listener.socket_, backlog);
  if (!listening.ok()) return listening.failure();
  return listener;
}

void Listener::reset() {
  // Before the socket closes: until then its file's number cannot be another's, and no other server
  // takes the path for a dead one's.
  if (place_.has_value() && place_->maker == getpid()) {
    struct stat found {};
    if (lstat(place_->path.c_str(), &found) == 0 && found.st_dev == place_->device &&
        found.st_ino == place_->inode)
      unlink(place_->path.c_str());
  }
  place_.reset();
  socket_.reset();
}

}  // namespace coroipc::sys
