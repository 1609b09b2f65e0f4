// Unix stream sockets. A name that begins with `/` is the path of a socket in the file system; any
// other is a name in the abstract namespace, whose address is all of sockaddr_un, zero padded, as
// the classic wire wants it. Every socket is close-on-exec and non-blocking, and no send raises
// SIGPIPE. Who listens is in listener.h.
#pragma once

#include <sys/types.h>
#include <sys/un.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "sys/fd.h"

namespace coroipc::sys {

// Bytes of a name: sun_path without the NUL before an abstract name, or the one behind a path.
inline constexpr size_t kMaxNameBytes = 107;

[[nodiscard]] inline bool is_path(std::string_view name) { return name.starts_with('/'); }

// NAME_TOO_LONG beyond kMaxNameBytes; INVALID_PARAM for no name, and for a path with a zero byte,
// which would name another file.
[[nodiscard]] Result<sockaddr_un> address_of(std::string_view name);

[[nodiscard]] Result<Fd> stream_socket();

// TRY_AGAIN with ECONNREFUSED when nobody listens, with ENOENT when there is no such path, with
// EAGAIN when the backlog is full. ACCESS when the path's mode or a directory's forbids it.
[[nodiscard]] Result<Fd> connect_to(std::string_view name);

// The next waiting connection; a failure with EAGAIN when there is none.
[[nodiscard]] Result<Fd> accept_one(const Fd& listener);

// Who is at the other end, as the kernel saw it at connect (or, for a client, at listen).
struct Credentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};
[[nodiscard]] Result<Credentials> peer_credentials(const Fd& socket);

// A descriptor of the process that peer_credentials names: unlike its pid it never becomes
// another's. NOT_SUPPORTED where the kernel has none (before Linux 6.5); some kernels have none of
// a peer that has ended and was waited for either, and say EINVAL or ESRCH.
[[nodiscard]] Result<Fd> peer_pidfd(const Fd& socket);
// Whether every thread of the process has ended; it need not have been waited for.
[[nodiscard]] bool process_ended(const Fd& pidfd);

// A mark: 16 hexadecimal digits, by which a server can tell a connection of its own from all others
// that there are, and name what its client made for it, also when the client is dead. It is the
// client's socket's name. Empty: it could not be marked, or is not.
inline constexpr size_t kMarkDigits = 16;
[[nodiscard]] std::string mark(const Fd& socket);
[[nodiscard]] std::string peer_mark(const Fd& socket);

// What one read or write did.
struct Transfer {
  enum class State { kSome, kWouldBlock, kOver } state = State::kOver;
  size_t bytes = 0;  // with kSome
};
[[nodiscard]] Transfer receive(const Fd& socket, std::span<std::byte> into);
[[nodiscard]] Transfer send(const Fd& socket, std::span<const std::byte> bytes);

// The same with a descriptor on its way: `send_file` hands a duplicate over with the first byte.
// What `receive_file` finds among the bytes is `file`, close-on-exec. When there were more than one
// `too_many` is set and none is kept; when this process had no room for one that came, `lost` is.
struct FileTransfer {
  Transfer transfer;
  Fd file;
  bool too_many = false;
  bool lost = false;
};
// What a lost descriptor is called: the kernel drops it without an errno.
inline constexpr Failure kLostFile{Status::kErrNoResources, EMFILE, "recvmsg"};
[[nodiscard]] FileTransfer receive_file(const Fd& socket, std::span<std::byte> into);
[[nodiscard]] Transfer send_file(const Fd& socket, std::span<const std::byte> bytes,
                                 const Fd& file);

// Ends both directions; the peer sees a hang-up although the descriptor stays open.
void hang_up(const Fd& socket);
// Hangs up and closes, after taking what the peer sent and nobody read: descriptors in that are
// closed like all that `receive_file` takes, which cannot hold this thread up.
void close_connection(Fd& socket);

// Waits for poll(2) events until the deadline; the events seen, 0 when there were none in time.
[[nodiscard]] short wait_for(const Fd& socket, short events, int64_t deadline_ns);

}  // namespace coroipc::sys
