// The zero-copy buffers that this side has made: which numbers are in use, which the peer has
// taken, and how many messages in each it has not given back. Memory only; the notes are the
// owner's to send. A number's counts go on when another buffer gets it.
//
// For one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sys/buffer_memory.h"
#include "wire/native/buffer_note.h"

namespace coroipc::wire::native {

// Buffers that a side may have at a time, and bytes of one.
inline constexpr uint32_t kMostBuffers = 64;
inline constexpr uint64_t kMostBufferBytes = uint64_t{1} << 30;
inline constexpr uint64_t kPlaceAlignment = 8;

// Whether a buffer can be of that size: whole pages, and not too many.
[[nodiscard]] bool is_buffer_size(uint64_t bytes);

// Where a message lies in a buffer of ours; only `place` makes one.
struct BufferPlace {
  uint32_t number = 0;
  uint32_t size = 0;  // of the message, header included
  uint64_t offset = 0;
  std::byte* at = nullptr;
};

class OwnBuffers {
 public:
  // Makes a buffer and says its number; it has to be offered then. INVALID_PARAM: not such a size.
  // NO_RESOURCES: all numbers are in use.
  [[nodiscard]] sys::Result<uint32_t> make(uint64_t bytes);
  // The offer's note and descriptor. Precondition: made, and not answered yet.
  [[nodiscard]] BufferNoteBytes offer(uint32_t number) const;
  [[nodiscard]] const sys::Fd& file(uint32_t number) const;
  // Forgets it. Precondition: its offer was not sent.
  void discard(uint32_t number) { slots_[number].memory = nullptr; }
  // The peer's answer. A refusal frees the number. False: nothing was offered, a breach.
  [[nodiscard]] bool answered(const BufferNote& answer);

  // The peer has it, so that it can be used.
  [[nodiscard]] bool taken(uint32_t number) const;
  // Messages in it that were sent and not given back.
  [[nodiscard]] uint64_t out(uint32_t number) const;
  // Takes it out of use, after which the peer is to be told by the note. Nothing: it is not taken,
  // or a message in it is out.
  [[nodiscard]] std::optional<BufferNoteBytes> withdraw(uint32_t number);

  // The place of a message of `size` bytes, header included, at `offset`. Nothing: no such buffer
  // was taken, the place is not in it or not aligned, or has no room for a header.
  [[nodiscard]] std::optional<BufferPlace> place(uint32_t number, uint64_t offset, uint64_t size);
  // What lies in the buffer may be looked at as long as somebody holds this.
  [[nodiscard]] std::shared_ptr<sys::BufferMemory> memory(uint32_t number) const;

  // A message in it was sent.
  void sent(uint32_t number) { ++slots_[number].sent; }
  // One was given back.
  void given_back(uint32_t number) { ++slots_[number].back; }
  // So many were given back since the beginning. False: fewer than before, or more than were sent.
  [[nodiscard]] bool all_given_back(uint32_t number, uint64_t count);
  [[nodiscard]] uint64_t back(uint32_t number) const;
  // Of all that there are.
  [[nodiscard]] uint64_t bytes() const;

 private:
  struct Slot {
    std::shared_ptr<sys::BufferMemory> memory;
    bool taken = false;
    uint64_t sent = 0;
    uint64_t back = 0;
  };

  std::vector<Slot> slots_;  // by number, as many as were ever in use: mostly none
};

}  // namespace coroipc::wire::native
