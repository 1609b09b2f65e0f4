// Where things lie in the memories of a native connection; docs/native-wire.md has the table.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "ring/record_ring.h"
#include "sys/sealed_memory.h"
#include "wire/buffers.h"
#include "wire/native/handshake.h"
#include "wire/native/own_buffers.h"
#include "wire/shared_rings.h"

namespace coroipc::wire::native {

// The control words, a cache line each.
inline constexpr size_t kLine = 64;

struct ClientWords {
  alignas(kLine) uint64_t response_head;
  alignas(kLine) uint64_t dispatch_head;
  alignas(kLine) uint32_t sleep;
  // How many messages in each buffer of the server's were given back.
  alignas(512) uint64_t released[kMostBuffers];
};
static_assert(offsetof(ClientWords, response_head) == 0 &&
              offsetof(ClientWords, dispatch_head) == 64 && offsetof(ClientWords, sleep) == 128 &&
              offsetof(ClientWords, released) == 512 && sizeof(ClientWords) <= kLeastRingBytes);

struct ServerWords {
  alignas(kLine) uint64_t request_head;
  alignas(kLine) uint32_t sleep;
  alignas(kLine) uint32_t backlog;
};
static_assert(offsetof(ServerWords, request_head) == 0 && offsetof(ServerWords, sleep) == 64 &&
              offsetof(ServerWords, backlog) == 128 && sizeof(ServerWords) <= kLeastRingBytes);

[[nodiscard]] inline std::array<size_t, 1> client_rings(const Geometry& geometry) {
  return {geometry.request_ring};
}
[[nodiscard]] inline std::array<size_t, 2> server_rings(const Geometry& geometry) {
  return {geometry.response_ring, geometry.dispatch_ring};
}

// Both memories together.
[[nodiscard]] inline uint64_t memory_bytes(const Geometry& geometry) {
  return 2 * sys::control_bytes() + geometry.request_ring + geometry.response_ring +
         geometry.dispatch_ring;
}

// Both memories of a connection as one end has them, and what that end and JavaScript both know of
// it (packages/core/src/rings/layout.ts has the same layouts): whoever holds this holds all of it.
//
// JavaScript goes on from a ledger only between two functions of the end's, on the same thread, and
// never touches the high half of a number: where one would change, the end itself has to.
struct ClientLedger {
  ring::ProducerPlace requests;
  ring::ConsumerPlace responses;
  uint64_t sent = 0;       // requests, and the number of the last
  uint64_t noted = 0;      // up to this number, the end knows which are in flight; the others are
  uint32_t in_flight = 0;  // all of them
  uint32_t over = 0;       // nothing can be sent any more
  uint32_t rung = 0;       // the server's sleep word, when the doorbell was sent for it
  uint32_t untold = 0;     // what a server may sleep for that may not have been told of it
  uint32_t spins = 0;      // it makes sense to look for an answer for a while
};

struct ServerLedger {
  ring::ConsumerPlace requests;
  ring::ProducerPlace responses;
  ring::ProducerPlace dispatches;
  uint64_t received = 0;    // requests, and the number of the last
  uint64_t noted = 0;       // up to this number, the end knows which are unanswered; the others are
  uint64_t dispatched = 0;  // dispatch messages, and the number of the last
  uint32_t in_flight = 0;   // requests that are unanswered
  uint32_t rung = 0;        // the client's sleep word, when the doorbell was sent for it
  Delegated delegated;
};

static_assert(offsetof(ClientLedger, responses) == 24 && offsetof(ClientLedger, sent) == 32 &&
              offsetof(ClientLedger, in_flight) == 48 && offsetof(ClientLedger, rung) == 56);
static_assert(offsetof(ServerLedger, responses) == 8 && offsetof(ServerLedger, dispatches) == 32 &&
              offsetof(ServerLedger, received) == 56 && offsetof(ServerLedger, in_flight) == 80 &&
              offsetof(ServerLedger, delegated) == 88);

template <class Ledger>
struct EndMemory {
  sys::SealedMemory ours;
  sys::SealedMemory theirs;
  Ledger ledger;
};

// Parts of an end's memory that JavaScript may see, with a hold on all of it.
template <class Memory>
[[nodiscard]] SharedMemory shown(const std::shared_ptr<Memory>& memory,
                                 const sys::SealedMemory& part) {
  return {memory, part.control(), part.mapped_bytes()};
}
template <class Memory>
[[nodiscard]] SharedMemory shown_ledger(const std::shared_ptr<Memory>& memory) {
  return {memory, reinterpret_cast<std::byte*>(&memory->ledger), sizeof memory->ledger};
}

[[nodiscard]] inline ClientWords& client_words(const sys::SealedMemory& memory) {
  return *reinterpret_cast<ClientWords*>(memory.control());
}
[[nodiscard]] inline ServerWords& server_words(const sys::SealedMemory& memory) {
  return *reinterpret_cast<ServerWords*>(memory.control());
}

}  // namespace coroipc::wire::native
