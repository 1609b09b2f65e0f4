// The arithmetic of a byte ring that is described by a read and a write index, as the classic
// wire's dispatch ring is. Pure: no memory is touched. An index that comes from a peer has to
// pass `valid` before anything else sees it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coroipc::ring {

class IndexRing {
 public:
  // `reserve` bytes are never used, so that a full ring does not look empty; every message takes
  // a multiple of `alignment` bytes. `size` is a multiple of `alignment`.
  constexpr IndexRing(uint32_t size, uint32_t reserve, uint32_t alignment)
      : size_(size), reserve_(reserve), alignment_(alignment) {}

  [[nodiscard]] constexpr uint32_t size() const { return size_; }
  [[nodiscard]] constexpr bool valid(uint32_t index) const { return index < size_; }

  [[nodiscard]] constexpr uint32_t used(uint32_t read, uint32_t write) const {
    return write >= read ? write - read : size_ - read + write;
  }

  // Bytes that a message may have now.
  [[nodiscard]] constexpr uint32_t usable(uint32_t read, uint32_t write) const {
    const uint32_t unused = size_ - used(read, write);
    return unused > reserve_ ? unused - reserve_ : 0;
  }

  // Bytes that a message may have at all.
  [[nodiscard]] constexpr uint32_t largest() const { return usable(0, 0); }

  // Where the message after one of `bytes` at `index` begins. Precondition: bytes <= size.
  [[nodiscard]] constexpr uint32_t after(uint32_t index, uint32_t bytes) const {
    const uint64_t padded = (uint64_t{bytes} + alignment_ - 1) / alignment_ * alignment_;
    return static_cast<uint32_t>((index + padded) % size_);
  }

 private:
  uint32_t size_;
  uint32_t reserve_;
  uint32_t alignment_;
};

}  // namespace coroipc::ring
