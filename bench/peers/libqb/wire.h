// What the two sides of the libqb program agree on: requests, answers, events and their sizes.
#pragma once

#include <qb/qbipc_common.h>
#include <qb/qbipcc.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "../shared/options.h"

namespace libqb {

// Ids of the user's own messages begin here.
enum Request : int32_t { kEcho = QB_IPC_MSG_USER_START + 1, kSubscribe };

using RequestHeader = qb_ipc_request_header;
using ResponseHeader = qb_ipc_response_header;

// On a schedule, one who is late may have so many under way.
inline constexpr int kPacedInFlight = 256;

[[nodiscard]] inline qb_ipc_type type_of(const bench::Options& options) {
  return options.way == "socket" ? QB_IPC_SOCKET : QB_IPC_SHM;
}

// What a client asks for is the size of its rings in shared memory, and of the socket's buffers:
// room for everything that is in flight, and for many events. libqb allots all of it at once, so
// that a hundred connections have less each. For sockets it is the largest datagram, too.
[[nodiscard]] inline size_t message_limit(const bench::Options& options) {
  constexpr size_t kRoom = size_t{1024} * 1024;
  constexpr size_t kOverhead = 256;
  const size_t message = options.payload + kOverhead;
  const size_t in_flight = static_cast<size_t>(options.in_flight) * message;
  const size_t share = kRoom / static_cast<size_t>(std::min(options.subscribers, 16));
  if (type_of(options) == QB_IPC_SOCKET) return std::max(message, share / 8);
  return std::max({message * 2, in_flight, share});
}

// Whether the kernel's limit of a socket's buffers lets a datagram be so large.
[[nodiscard]] inline bool fits(const bench::Options& options) {
  if (type_of(options) != QB_IPC_SOCKET) return true;
  const size_t wanted = message_limit(options);
  const int32_t most = qb_ipcc_verify_dgram_max_msg_size(wanted);
  return most > 0 && static_cast<size_t>(most) >= wanted;
}

}  // namespace libqb
