// The zero-copy buffers that the peer has made, as this side maps them: which there are, and how
// many messages in each this side still holds. Everything that names one comes from the peer and is
// checked here.
//
// For one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sys/buffer_memory.h"
#include "wire/native/buffer_note.h"
#include "wire/native/own_buffers.h"

namespace coroipc::wire::native {

// What a receiver takes; more is refused.
struct BufferLimits {
  uint32_t buffers = 16;
  uint64_t bytes = uint64_t{64} << 20;  // of one
  uint64_t in_all = UINT64_MAX;         // of all, those of either side
};

class PeerBuffers {
 public:
  void set_limits(const BufferLimits& limits) { limits_ = limits; }
  [[nodiscard]] const BufferLimits& limits() const { return limits_; }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

  // An offer and its descriptor, which is closed when there was no room for it; this side has made
  // buffers of `own_bytes`. The status to answer with: OK, TOO_BIG, NO_RESOURCES, or why it could
  // not be mapped. Nothing: a breach.
  [[nodiscard]] std::optional<Status> offered(const BufferNote& offer, const sys::Fd& file,
                                              uint64_t own_bytes = 0);
  // False: it was not taken, or a message in it is held; a breach.
  [[nodiscard]] bool withdrawn(const BufferNote& note);

  // The message of `size` bytes at `offset`; null when it does not lie in such a buffer.
  [[nodiscard]] const std::byte* find(uint32_t number, uint64_t offset, uint64_t size) const;
  // What lies in the buffer may be looked at as long as somebody holds this. Null: no such buffer.
  [[nodiscard]] std::shared_ptr<sys::BufferMemory> memory(uint32_t number) const;

  // Messages that this side has seen and not given back. Precondition of the other two: there is
  // such a buffer.
  [[nodiscard]] uint64_t held(uint32_t number) const;
  void hold(uint32_t number) { ++slots_[number].held; }
  void give_back(uint32_t number) { --slots_[number].held; }

 private:
  struct Slot {
    std::shared_ptr<sys::BufferMemory> memory;
    uint64_t held = 0;
  };

  BufferLimits limits_;
  uint32_t count_ = 0;
  uint64_t bytes_ = 0;
  std::vector<Slot> slots_;  // by number, as far as they were ever in use: mostly none
};

}  // namespace coroipc::wire::native
