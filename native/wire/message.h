// Messages as both ends of every wire see them: a header in the originals' layout, then a body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "status.gen.h"

namespace coroipc::wire {

using Bytes = std::span<const std::byte>;
// The pieces of one message, in order.
using Parts = std::span<const Bytes>;

// What lies between the fields goes to the peer with them, so it has to be something: zero.
struct RequestHeader {
  constexpr RequestHeader() = default;
  constexpr RequestHeader(int32_t of_size, int32_t of_id) : size(of_size), id(of_id) {}

  int32_t size = 0;  // header and body
  int32_t after_size = 0;
  int32_t id = 0;
  int32_t after_id = 0;
};
static_assert(sizeof(RequestHeader) == 16 && offsetof(RequestHeader, id) == 8);
static_assert(std::has_unique_object_representations_v<RequestHeader>);

// Of responses and of dispatch messages.
struct ResponseHeader {
  constexpr ResponseHeader() = default;
  constexpr ResponseHeader(int32_t of_size, int32_t of_id, int32_t of_error)
      : size(of_size), id(of_id), error(of_error) {}

  int32_t size = 0;
  int32_t after_size = 0;
  int32_t id = 0;
  int32_t after_id = 0;
  int32_t error = 0;
  int32_t after_error = 0;
};
static_assert(sizeof(ResponseHeader) == 24 && offsetof(ResponseHeader, id) == 8 &&
              offsetof(ResponseHeader, error) == 16);
static_assert(std::has_unique_object_representations_v<ResponseHeader>);

// The most bytes of a shared buffer: indices and sizes on the wire have 32 bits.
inline constexpr size_t kMaxBufferBytes = size_t{1} << 30;

// Ids of services and of commands are below this.
inline constexpr uint32_t kIdLimit = 65536;

// Where messages are copied one after another, each begins at a multiple of eight bytes.
[[nodiscard]] constexpr size_t up_to_next(size_t bytes) { return (bytes + 7) / 8 * 8; }

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
