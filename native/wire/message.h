// Messages as both ends of every wire see them: a header in the originals' layout, then a body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "status.gen.h"

namespace coroipc::wire {

using Bytes = std::span<const std::byte>;
// The pieces of one message, in order.
using Parts = std::span<const Bytes>;

struct RequestHeader {
  alignas(8) int32_t size;  // header and body
  alignas(8) int32_t id;
};
static_assert(sizeof(RequestHeader) == 16 && offsetof(RequestHeader, id) == 8);

// Of responses and of dispatch messages.
struct ResponseHeader {
  alignas(8) int32_t size;
  alignas(8) int32_t id;
  alignas(8) int32_t error;
};
static_assert(sizeof(ResponseHeader) == 24 && offsetof(ResponseHeader, id) == 8 &&
              offsetof(ResponseHeader, error) == 16);

// The most bytes of a shared buffer: indices and sizes on the wire have 32 bits.
inline constexpr size_t kMaxBufferBytes = size_t{1} << 30;

// Ids of services and of commands are below this.
inline constexpr uint32_t kIdLimit = 65536;

[[nodiscard]] inline size_t total_size(Parts parts) {
  size_t total = 0;
  for (const Bytes& part : parts) total += part.size();
  return total;
}

// Precondition: `to` has room for all.
inline void copy_parts(Parts parts, std::byte* to) {
  for (const Bytes& part : parts) {
    if (!part.empty()) std::memcpy(to, part.data(), part.size());
    to += part.size();
  }
}

// One copy of a structure that a peer may be changing.
template <class T>
[[nodiscard]] T copy_out(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  // The compiler must not read the shared bytes a second time after the copy was checked.
  asm volatile("" : "+m"(value) : : "memory");
  return value;
}

}  // namespace coroipc::wire
