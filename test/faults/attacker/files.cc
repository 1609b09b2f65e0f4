// Descriptors of every kind, above all of those that belong nowhere.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"

namespace attacker {
namespace {

// memfd BYTES SEALS: with all its pages.
std::string memory_file(const Words& words) {
  const int fd = memfd_create("attacker", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  const auto bytes = static_cast<off_t>(number(words[0]));
  if (bytes > 0 && posix_fallocate(fd, 0, bytes) != 0) return failed();
  if (fcntl(fd, F_ADD_SEALS, descriptor(words[1])) != 0) return failed();
  return outcome(fd);
}

// hole BYTES SEALS: of the size, without a page.
std::string file_of_holes(const Words& words) {
  const int fd = memfd_create("attacker", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (ftruncate(fd, static_cast<off_t>(number(words[0]))) != 0) return failed();
  if (fcntl(fd, F_ADD_SEALS, descriptor(words[1])) != 0) return failed();
  return outcome(fd);
}

// A TCP socket that has more to send than anybody takes, and whose close waits for that.
int lingering() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const at = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, at, length) != 0 || listen(listener, 1) != 0) return -1;
  if (getsockname(listener, at, &length) != 0) return -1;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, at, length) != 0) return -1;
  const std::string much(1 << 20, 'x');
  while (send(fd, much.data(), much.size(), MSG_DONTWAIT) > 0) continue;
  const linger patience{1, 3600};
  return setsockopt(fd, SOL_SOCKET, SO_LINGER, &patience, sizeof patience) == 0 ? fd : -1;
}

std::string special(const Words& words) {
  const std::string& kind = words[0];
  int pair[2] = {-1, -1};
  if (kind == "device") return outcome(open("/dev/zero", O_RDWR | O_CLOEXEC));
  if (kind == "directory") return outcome(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (kind == "path") return outcome(open("/", O_PATH | O_CLOEXEC));
  if (kind == "file") return outcome(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  if (kind == "eventfd") return outcome(eventfd(0, EFD_CLOEXEC));
  if (kind == "epoll") return outcome(epoll_create1(EPOLL_CLOEXEC));
  if (kind == "lingering") return outcome(lingering());
  if (kind == "pipe") return pipe2(pair, O_CLOEXEC) == 0 ? outcome(pair[0]) : failed();
  if (kind == "socket")
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0 ? outcome(pair[0])
                                                                         : failed();
  return "error unknown kind";
}

// file PATH BYTES MODE: a new file, all of it there.
std::string make_file(const Words& words) {
  const int fd = open(words[0].c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
                      static_cast<mode_t>(number(words[2])));
  if (fd < 0) return failed();
  const auto bytes = static_cast<off_t>(number(words[1]));
  if (bytes > 0 && posix_fallocate(fd, 0, bytes) != 0) return failed();
  return outcome(fd);
}

std::string open_file(const Words& words) {
  const int how = words[1] == "rw" ? O_RDWR : O_RDONLY;
  return outcome(open(words[0].c_str(), how | O_CLOEXEC | O_NONBLOCK));
}

}  // namespace

void add_file_commands(Commands& commands) {
  commands["memfd"] = memory_file;
  commands["hole"] = file_of_holes;
  commands["special"] = special;
  commands["file"] = make_file;
  commands["open"] = open_file;
  commands["close"] = [](const Words& words) { return outcome(close(descriptor(words[0]))); };
  commands["seal"] = [](const Words& words) {
    return outcome(fcntl(descriptor(words[0]), F_ADD_SEALS, descriptor(words[1])));
  };
  commands["truncate"] = [](const Words& words) {
    return outcome(ftruncate(descriptor(words[0]), static_cast<off_t>(number(words[1]))));
  };
  commands["fifo"] = [](const Words& words) { return outcome(mkfifo(words[0].c_str(), 0600)); };
  commands["directory"] = [](const Words& words) { return outcome(mkdir(words[0].c_str(), 0700)); };
  commands["symlink"] = [](const Words& words) {
    return outcome(symlink(words[0].c_str(), words[1].c_str()));
  };
  commands["link"] = [](const Words& words) {
    return outcome(link(words[0].c_str(), words[1].c_str()));
  };
  commands["unlink"] = [](const Words& words) { return outcome(unlink(words[0].c_str())); };
  commands["rmdir"] = [](const Words& words) { return outcome(rmdir(words[0].c_str())); };
}

}  // namespace attacker
