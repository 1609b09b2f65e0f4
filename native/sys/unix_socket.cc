#include "sys/unix_socket.h"

#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "sys/clock.h"

namespace coroipc::sys {

namespace {

// Of Linux 6.5; the C library's headers may be older than the kernel.
#ifdef SO_PEERPIDFD
constexpr int kPeerPidfd = SO_PEERPIDFD;
#else
constexpr int kPeerPidfd = 77;
#endif

// Of a client's socket's own name, which is abstract; its mark follows.
constexpr std::string_view kMarked = "coroipc-client-";
constexpr std::string_view kDigits = "0123456789abcdef";

Transfer transfer_of(ssize_t result) {
  if (result > 0) return {Transfer::State::kSome, static_cast<size_t>(result)};
  const bool later = result < 0 && (errno == EAGAIN || errno == EINTR);
  return {later ? Transfer::State::kWouldBlock : Transfer::State::kOver, 0};
}

// A TCP socket can be made to hold up its last close for hours, O_NONBLOCK or not.
void let_close(int fd) {
  const linger off{0, 0};
  [[maybe_unused]] const int is_socket = setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof off);
}

}  // namespace

Result<sockaddr_un> address_of(std::string_view name) {
  if (name.size() > kMaxNameBytes) return Failure{Status::kErrNameTooLong};
  if (name.empty()) return Failure{Status::kErrInvalidParam};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  char* const begin = is_path(name) ? address.sun_path : address.sun_path + 1;
  if (is_path(name) && name.find('\0') != name.npos) return Failure{Status::kErrInvalidParam};
  std::memcpy(begin, name.data(), name.size());
  return address;
}

Result<Fd> stream_socket() {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.open()) return system_failure("socket");
  return socket;
}

Result<Fd> connect_to(std::string_view name) {
  Result<sockaddr_un> address = address_of(name);
  if (!address.ok()) return address.failure();
  Result<Fd> socket = stream_socket();
  if (!socket.ok()) return socket.failure();
  const auto* const to = reinterpret_cast<const sockaddr*>(&address.value());
  if (connect(socket.value().get(), to, sizeof(sockaddr_un)) == 0) return socket;
  // To whoever connects, a server that has not made its path yet is one that does not listen yet.
  if (errno == ENOENT) return Failure{Status::kErrTryAgain, ENOENT, "connect"};
  return system_failure("connect");
}

Result<Fd> accept_one(const Fd& listener) {
  Fd socket(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.open()) return system_failure("accept4");
  return socket;
}

Result<Credentials> peer_credentials(const Fd& socket) {
  ucred found{};
  socklen_t length = sizeof found;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &found, &length) != 0)
    return system_failure("getsockopt");
  return Credentials{found.pid, found.uid, found.gid};
}

Result<Fd> peer_pidfd(const Fd& socket) {
  int found = -1;
  socklen_t length = sizeof found;
  if (getsockopt(socket.get(), SOL_SOCKET, kPeerPidfd, &found, &length) == 0) return Fd(found);
  if (errno == ENOPROTOOPT || errno == EOPNOTSUPP)
    return Failure{Status::kErrNotSupported, errno, "getsockopt"};
  return system_failure("getsockopt");
}

bool process_ended(const Fd& pidfd) {
  pollfd entry{pidfd.get(), POLLIN, 0};
  return poll(&entry, 1, 0) > 0 && (entry.revents & POLLIN) != 0;
}

std::string mark(const Fd& socket) {
  uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) return {};
  std::string digits;
  for (size_t i = 0; i < kMarkDigits; ++i, number >>= 4) digits += kDigits[number & 15];
  Result<sockaddr_un> address = address_of(std::string(kMarked) + digits);
  if (!address.ok()) return {};
  const auto* const at = reinterpret_cast<const sockaddr*>(&address.value());
  return bind(socket.get(), at, sizeof(sockaddr_un)) == 0 ? digits : std::string();
}

std::string peer_mark(const Fd& socket) {
  sockaddr_un address{};
  socklen_t length = sizeof address;
  if (getpeername(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
      length != sizeof address)
    return {};
  // Behind the zero of an abstract name.
  const std::string_view name(address.sun_path + 1, kMarked.size() + kMarkDigits);
  if (address.sun_path[0] != '\0' || !name.starts_with(kMarked)) return {};
  const std::string_view digits = name.substr(kMarked.size());
  return digits.find_first_not_of(kDigits) == digits.npos ? std::string(digits) : std::string();
}

// With recv(2) the kernel would close, on this thread, descriptors that nobody asked for.
Transfer receive(const Fd& socket, std::span<std::byte> into) {
  return receive_file(socket, into).transfer;
}

Transfer send(const Fd& socket, std::span<const std::byte> bytes) {
  return transfer_of(::send(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
}

FileTransfer receive_file(const Fd& socket, std::span<std::byte> into) {
  // As many as the kernel lets a message carry (SCM_MAX_FD): what found no room it would close
  // itself.
  constexpr size_t kRoom = 253;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kRoom * sizeof(int))> control;
  iovec vector{into.data(), into.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = recvmsg(socket.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

  FileTransfer found;
  found.transfer = transfer_of(got);
  if (got < 0) return found;
  size_t files = 0;
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
       each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(each) + i * sizeof fd, sizeof fd);
      let_close(fd);
      found.file = Fd(fd);
    }
    files += count;
  }
  // Cut short is a list that is longer than our room for it, or than the process's for descriptors.
  found.too_many = files > 1;
  found.lost = files < kRoom && (message.msg_flags & MSG_CTRUNC) != 0;
  if (found.too_many || found.lost) found.file.reset();
  return found;
}

Transfer send_file(const Fd& socket, std::span<const std::byte> bytes, const Fd& file) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  // sendmsg(2) does not write through it.
  iovec vector{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = file.get();
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return transfer_of(sendmsg(socket.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

void hang_up(const Fd& socket) { shutdown(socket.get(), SHUT_RDWR); }

void close_connection(Fd& socket) {
  if (!socket.open()) return;
  hang_up(socket);
  // After this nothing more comes, so that what is there has an end.
  std::array<std::byte, 4096> rest;
  while (receive(socket, rest).state == Transfer::State::kSome) continue;
  socket.reset();
}

short wait_for(const Fd& socket, short events, int64_t deadline_ns) {
  pollfd entry{socket.get(), events, 0};
  for (;;) {
    timespec left{};
    if (deadline_ns != kNever) left = timespec_of(std::max<int64_t>(0, deadline_ns - now_ns()));
    const int ready = ppoll(&entry, 1, deadline_ns == kNever ? nullptr : &left, nullptr);
    if (ready > 0) return entry.revents;
    if (ready == 0 || errno != EINTR) return 0;
  }
}

}  // namespace coroipc::sys
