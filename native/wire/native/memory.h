// Where things lie in the memories of a native connection; docs/native-wire.md has the table.
#pragma once

#include <array>
#include <cstdint>

#include "sys/sealed_memory.h"
#include "wire/native/handshake.h"
#include "wire/native/own_buffers.h"

namespace coroipc::wire::native {

// The control words, a cache line each.
inline constexpr size_t kLine = 64;

struct ClientWords {
  alignas(kLine) uint64_t request_tail;
  alignas(kLine) uint64_t response_head;
  alignas(kLine) uint64_t dispatch_head;
  alignas(kLine) uint32_t sleep;
  // How many messages in each buffer of the server's were given back.
  alignas(512) uint64_t released[kMostBuffers];
};
static_assert(offsetof(ClientWords, response_head) == 64 &&
              offsetof(ClientWords, dispatch_head) == 128 && offsetof(ClientWords, sleep) == 192 &&
              offsetof(ClientWords, released) == 512 && sizeof(ClientWords) <= kLeastRingBytes);

struct ServerWords {
  alignas(kLine) uint64_t response_tail;
  alignas(kLine) uint64_t dispatch_tail;
  alignas(kLine) uint64_t request_head;
  alignas(kLine) uint32_t sleep;
  alignas(kLine) uint32_t backlog;
};
static_assert(offsetof(ServerWords, dispatch_tail) == 64 &&
              offsetof(ServerWords, request_head) == 128 && offsetof(ServerWords, sleep) == 192 &&
              offsetof(ServerWords, backlog) == 256 && sizeof(ServerWords) <= kLeastRingBytes);

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

[[nodiscard]] inline ClientWords& client_words(const sys::SealedMemory& memory) {
  return *reinterpret_cast<ClientWords*>(memory.control());
}
[[nodiscard]] inline ServerWords& server_words(const sys::SealedMemory& memory) {
  return *reinterpret_cast<ServerWords*>(memory.control());
}

}  // namespace coroipc::wire::native
