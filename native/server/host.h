// What a server asks of the program it serves in, and tells it. Every call comes on the thread
// that drives the server, from inside one of the server's functions; a host may call back into
// the server from any of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "status.gen.h"
#include "sys/unix_socket.h"

namespace coroipc::server {

// Numbers a connection; never used twice by one server.
using ConnectionId = uint64_t;

// What a watched descriptor belongs to: one of the server's own, or a connection by its number.
using SourceKey = uint64_t;
inline constexpr SourceKey kListenerKey = 0;
inline constexpr SourceKey kBellKey = 1;
inline constexpr SourceKey kTimerKey = 2;
inline constexpr ConnectionId kFirstConnection = 16;

// Counters of a connection, in the originals' order where they had them.
enum class Counter : size_t {
  kRequests,
  kResponses,
  kDispatched,
  kQueueSize,
  kFlowControl,
  kFlowControlCount,
  kSemRetryCount,
  kSendRetryCount,
  kRecvRetryCount,
  kInvalidRequest,
  kOverload,
  kDropped,   // messages that gave way to newer ones in the outgoing queue
  kOverflow,  // 1: the connection ended because its queue was full
  kBreach,    // 1: it ended because its peer broke the protocol
  kCount,
};
using Counters = std::array<uint64_t, static_cast<size_t>(Counter::kCount)>;

// syslog's levels.
enum class LogLevel : int { kWarning = 4, kInfo = 6, kDebug = 7 };

// Why a peer is turned away that the host was not asked about, or has admitted already. The numbers
// are those on the border to JavaScript.
enum class TurnedAway : int {
  kByLimit = 0,   // one of the options' limits is reached
  kForWant = 1,   // the system has no descriptor, memory, space or thread left for it
  kForDelay = 2,  // it did not finish its handshake in time
  kForFault = 3,  // it hung up before, or did not keep the rules
};

struct Peer {
  ConnectionId connection = 0;
  uint32_t service = 0;
  sys::Credentials credentials;
  int generation = 0;  // the classic wire's, 12 or 14; 0: the native wire
  int fd = -1;
};

class Host {
 public:
  virtual ~Host() = default;

  // Descriptors to watch: from poll_add, for POLLIN, until poll_remove, after which the
  // descriptor is closed.
  virtual void poll_add(int fd, SourceKey key) = 0;
  virtual void poll_modify(int fd, SourceKey key, short events) = 0;
  virtual void poll_remove(int fd, SourceKey key) = 0;
  // Have Server::next_request called in the loop's next turn, which is not to wait. False: the host
  // knows no such thing, and the bell is rung instead.
  [[nodiscard]] virtual bool poll_job() = 0;

  // May this peer use this service? Anything but kOk is what it is told.
  [[nodiscard]] virtual Status admit(const Peer& peer) = 0;
  // Everything is mapped, the peer not yet told. Anything but kOk refuses it after all.
  [[nodiscard]] virtual Status connected(ConnectionId connection) = 0;
  // The connection is over. False: busy, ask again later.
  [[nodiscard]] virtual bool disconnected(ConnectionId connection) = 0;
  // The connection's number is dead; for each that `admit` was asked about.
  virtual void released(ConnectionId connection) = 0;
  // A counter changed to `value` (kQueueSize, kFlowControl) or by `value` (all others).
  virtual void counted(ConnectionId connection, Counter counter, uint64_t value) = 0;
  // No message waits any more, and the largest that was refused meanwhile would be taken now. Once
  // for each time that a message began to wait or was refused while none did.
  virtual void drained(ConnectionId connection) = 0;
  // The client has answered the offer of a zero-copy buffer.
  virtual void buffer_answered(ConnectionId connection) = 0;
  virtual void turned_away(TurnedAway why) = 0;
  virtual void log(LogLevel level, const std::string& message) = 0;
  // Server::close has come to its end.
  virtual void closed() = 0;
};

}  // namespace coroipc::server
