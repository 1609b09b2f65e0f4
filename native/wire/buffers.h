// Zero-copy buffers as both ends of the native wire see them: memory of one's own that the peer has
// mapped, and memory of the peer's. Called from the end's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "sys/result.h"

namespace coroipc::wire {

// Memory that JavaScript may see, with a hold on it.
struct SharedMemory {
  std::shared_ptr<const void> hold;
  std::byte* data = nullptr;
  size_t bytes = 0;
};

class Buffers {
 public:
  virtual ~Buffers() = default;

  // Makes a buffer, offers it, and says its number. INVALID_PARAM: not whole pages, or too many.
  // NO_RESOURCES: there are too many. TRY_AGAIN: the socket is full.
  [[nodiscard]] virtual sys::Result<uint32_t> make(uint64_t bytes) = 0;
  // What the peer has answered: OK, TRY_AGAIN while it has not, or why it does not take it.
  [[nodiscard]] virtual Status answer(uint32_t number) const = 0;
  // BUSY: a message in it is out. BAD_HANDLE: there is none.
  [[nodiscard]] virtual Status withdraw(uint32_t number) = 0;
  // Messages in it that were sent and, as far as was heard, not given back.
  [[nodiscard]] virtual uint64_t out(uint32_t number) const = 0;
  // Nothing: no such buffer.
  [[nodiscard]] virtual std::optional<SharedMemory> own_memory(uint32_t number) const = 0;
  [[nodiscard]] virtual std::optional<SharedMemory> peer_memory(uint32_t number) const = 0;
};

}  // namespace coroipc::wire
