// What a peer does that knows the native wire and keeps to none of its rules: its memory, its
// records, its notes of zero-copy buffers, what it says on the socket.
#pragma once

#include <array>

#include "fuzz/input.h"
#include "sys/fd.h"
#include "wire/message.h"

namespace coroipc::fuzz {

inline constexpr size_t kRingBytes = 4096;

// One side's memory: where it writes, which is where a hostile one writes what it likes, and where
// the other side reads.
struct Side {
  std::byte* words = nullptr;
  std::array<std::byte*, 2> rings{};
  std::array<const std::byte*, 2> seen{};
  std::array<uint64_t, 2> written{};  // bytes of records, since the beginning

  // Whether a message that the other side got lies in that ring, whole.
  [[nodiscard]] bool holds(size_t ring, const std::byte* at, size_t bytes) const {
    return at >= seen[ring] && bytes <= kRingBytes && at + bytes <= seen[ring] + 2 * kRingBytes;
  }
};

// Sends bytes, and with them a descriptor of the script's choice in place of memory of `right`
// bytes.
void say(const sys::Fd& socket, std::span<const std::byte> bytes);
void say_with_file(Input& input, const sys::Fd& socket, std::span<const std::byte> bytes,
                   size_t right);
// An offer, an answer or a withdrawal of a zero-copy buffer, mostly a right one.
void say_note(Input& input, const sys::Fd& socket);

// One hostile write to a side's memory: to an index, a sleep word, a count of what was released, or
// anywhere in a ring.
void spoil(Input& input, Side& side);

// A record as a peer that may lie makes it, behind the last one.
struct Lie {
  uint32_t kind = 0;
  uint64_t sequence = 0;
  size_t header = sizeof(wire::RequestHeader);  // bytes of the message's header
};
void publish(Input& input, Side& side, size_t ring, const Lie& honest);
// The same of kind 1: a header, and the place of a message in a buffer.
void publish_place(Input& input, Side& side, size_t ring, const Lie& honest);

// Reads all of it, so that memory that is not there is found.
void read_all(const std::byte* at, size_t bytes);

// So many bytes of a message with a header whose size is right.
[[nodiscard]] wire::Bytes some_message(size_t bytes);

}  // namespace coroipc::fuzz
