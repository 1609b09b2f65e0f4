// Stream sockets in the abstract namespace. The address is bound and connected with all of
// sockaddr_un, zero padded, as the classic wire wants it. Every socket is close-on-exec and
// non-blocking, and no send raises SIGPIPE.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "sys/fd.h"

namespace coroipc::sys {

// Bytes of an abstract name: sun_path without its leading NUL.
inline constexpr size_t kMaxNameBytes = 107;

[[nodiscard]] Result<Fd> listen_abstract(std::string_view name, int backlog);

// TRY_AGAIN with ECONNREFUSED when nobody listens, with EAGAIN when the backlog is full.
[[nodiscard]] Result<Fd> connect_abstract(std::string_view name);

// The next waiting connection; a failure with EAGAIN when there is none.
[[nodiscard]] Result<Fd> accept_one(const Fd& listener);

// Who is at the other end, as the kernel saw it at connect (or, for a client, at listen).
struct Credentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};
[[nodiscard]] Result<Credentials> peer_credentials(const Fd& socket);

// What one read or write did.
struct Transfer {
  enum class State { kSome, kWouldBlock, kOver } state = State::kOver;
  size_t bytes = 0;  // with kSome
};
[[nodiscard]] Transfer receive(const Fd& socket, std::span<std::byte> into);
[[nodiscard]] Transfer send(const Fd& socket, std::span<const std::byte> bytes);

// The same with a descriptor on its way: `send_file` hands a duplicate over with the first byte.
// What `receive_file` finds among the bytes is `file`, close-on-exec; when there were more than
// one, or the system had no room for one, `too_many` is set and none is kept.
struct FileTransfer {
  Transfer transfer;
  Fd file;
  bool too_many = false;
};
[[nodiscard]] FileTransfer receive_file(const Fd& socket, std::span<std::byte> into);
[[nodiscard]] Transfer send_file(const Fd& socket, std::span<const std::byte> bytes,
                                 const Fd& file);

// Ends both directions; the peer sees a hang-up although the descriptor stays open.
void hang_up(const Fd& socket);

// Waits for poll(2) events until the deadline; the events seen, 0 when there were none in time.
[[nodiscard]] short wait_for(const Fd& socket, short events, int64_t deadline_ns);

}  // namespace coroipc::sys
