// Sockets, and what travels through them.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <sstream>

#include "commands.h"

namespace attacker {
namespace {

using Clock = std::chrono::steady_clock;

// An abstract name with all its zeros, or a path.
sockaddr_un address_of(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  char* const at = name[0] == '/' ? address.sun_path : address.sun_path + 1;
  name.copy(at, sizeof address.sun_path - 1);
  return address;
}

std::string connect_to(const Words& words) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(words[0]);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return outcome(fd);
  const std::string why = failed();
  close(fd);
  return why;
}

std::string listen_as(const Words& words) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(words[0]);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return failed();
  return listen(fd, 128) == 0 ? outcome(fd) : failed();
}

bool wait_for(int fd, short events, long long ms) {
  pollfd entry{fd, events, 0};
  return poll(&entry, 1, static_cast<int>(ms)) > 0;
}

std::string accept_from(const Words& words) {
  const int fd = descriptor(words[0]);
  if (!wait_for(fd, POLLIN, number(words[1]))) return "error ETIMEDOUT";
  return outcome(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
}

// send FD HEX [DESCRIPTOR...]: all in one message.
std::string send_bytes(const Words& words) {
  std::string bytes = from_hex(words[1]);
  iovec vector{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  std::vector<int> files;
  for (size_t i = 2; i < words.size(); ++i) files.push_back(descriptor(words[i]));
  std::vector<char> control(CMSG_SPACE(files.size() * sizeof(int)));
  if (!files.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), files.data(), files.size() * sizeof(int));
  }
  return outcome(sendmsg(descriptor(words[0]), &message, MSG_DONTWAIT));
}

// recv FD BYTES MS: "HEX DESCRIPTOR...", with what came before the end or the time was over.
std::string receive(const Words& words) {
  const int fd = descriptor(words[0]);
  std::string bytes(static_cast<size_t>(number(words[1])), '\0');
  const auto end = Clock::now() + std::chrono::milliseconds(number(words[2]));
  size_t filled = 0;
  std::string files;
  while (filled < bytes.size()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0 || !wait_for(fd, POLLIN, left)) break;
    iovec vector{bytes.data() + filled, bytes.size() - filled};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(16 * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (got <= 0) break;
    filled += static_cast<size_t>(got);
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS) continue;
    for (size_t at = 0; at < header->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
      int file = -1;
      std::memcpy(&file, CMSG_DATA(header) + at, sizeof file);
      files += ' ' + std::to_string(file);
    }
  }
  return to_hex(bytes.substr(0, filled)) + files;
}

// over FD MS: waits for the peer's hang-up; whether it came.
std::string await_end(const Words& words) {
  const int fd = descriptor(words[0]);
  const auto end = Clock::now() + std::chrono::milliseconds(number(words[1]));
  std::array<char, 65536> rest;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0 || !wait_for(fd, POLLIN, left)) return "open";
    if (recv(fd, rest.data(), rest.size(), 0) <= 0) return "over";
  }
}

// flood FD HEX MS: says it again and again; how many bytes went out before the peer hung up, or -1
// when it did not.
std::string flood(const Words& words) {
  const int fd = descriptor(words[0]);
  std::string bytes;
  for (const std::string once = from_hex(words[1]); bytes.size() < 65536;) bytes += once;
  const auto end = Clock::now() + std::chrono::milliseconds(number(words[2]));
  long long sent = 0;
  while (Clock::now() < end) {
    if (!wait_for(fd, POLLOUT, 10)) continue;
    const ssize_t some = send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (some > 0)
      sent += some;
    else if (some == 0 || (errno != EAGAIN && errno != EINTR))
      return std::to_string(sent);
  }
  return "-1";
}

std::vector<int>& crowd() {
  static std::vector<int> all;
  return all;
}

// crowd NAME COUNT HEX: so many connections that say only this; how many came about.
std::string gather(const Words& words) {
  const std::string begun = from_hex(words[2]);
  for (long long i = number(words[1]); i > 0; --i) {
    const std::string made = connect_to({words[0]});
    if (made.starts_with("error")) return made;
    crowd().push_back(descriptor(made));
    if (!begun.empty()) send(crowd().back(), begun.data(), begun.size(), MSG_DONTWAIT);
  }
  return std::to_string(crowd().size());
}

// How many of the crowd the server has not hung up on.
std::string crowd_left(const Words&) {
  int left = 0;
  for (const int fd : crowd()) {
    pollfd entry{fd, POLLIN, 0};
    poll(&entry, 1, 0);
    if ((entry.revents & (POLLHUP | POLLERR)) == 0) ++left;
  }
  return std::to_string(left);
}

std::string disperse(const Words&) {
  for (const int fd : crowd()) close(fd);
  crowd().clear();
  return "0";
}

}  // namespace

void add_socket_commands(Commands& commands) {
  commands["connect"] = connect_to;
  commands["listen"] = listen_as;
  commands["accept"] = accept_from;
  commands["send"] = send_bytes;
  commands["recv"] = receive;
  commands["over"] = await_end;
  commands["flood"] = flood;
  commands["crowd"] = gather;
  commands["crowdLeft"] = crowd_left;
  commands["disperse"] = disperse;
  commands["shut"] = [](const Words& words) {
    return outcome(shutdown(descriptor(words[0]), SHUT_WR));
  };
}

}  // namespace attacker
