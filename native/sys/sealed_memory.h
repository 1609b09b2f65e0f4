// Shared memory that one process writes and another reads, over a sealed memory file
// (sys/memory_file.h).
//
// It holds one page of control words and then rings, each mapped twice, back to back, so that what
// wraps around lies in one piece. A forked child does not get the mapping.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "sys/fd.h"

namespace coroipc::sys {

// Bytes of the control words: a page of this machine.
[[nodiscard]] size_t control_bytes();

class SealedMemory {
 public:
  static constexpr size_t kMostRings = 2;

  SealedMemory() = default;
  SealedMemory(SealedMemory&& other) noexcept { swap(other); }
  SealedMemory& operator=(SealedMemory&& other) noexcept {
    swap(other);
    return *this;
  }
  ~SealedMemory();

  // Memory of our own, all zeros. Every ring is a multiple of the page size; there are kMostRings
  // at the most.
  [[nodiscard]] static Result<SealedMemory> make(std::span<const size_t> rings);
  // Memory that a peer handed over, for reading. INVALID_PARAM when it is not sealed, not of that
  // size, not all there, or no memory file at all.
  [[nodiscard]] static Result<SealedMemory> take(Fd file, std::span<const size_t> rings);

  // The same mapping for another end in this process, as tests have it. It stays ours, and has to
  // outlive what was lent.
  [[nodiscard]] SealedMemory lend() const;

  // To be handed over; our own mapping does not need it after that.
  [[nodiscard]] const Fd& file() const { return file_; }
  void close_file() { file_.reset(); }

  [[nodiscard]] std::byte* control() const { return data_; }
  // Bytes from there on that may be touched: the control words, and each ring twice. 0 when it was
  // lent.
  [[nodiscard]] size_t mapped_bytes() const { return mapped_; }
  // Twice the ring's size may be touched.
  [[nodiscard]] std::byte* ring(size_t index) const { return rings_[index]; }

 private:
  [[nodiscard]] Outcome map(std::span<const size_t> rings, int protection);
  void swap(SealedMemory& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(data_, other.data_);
    std::swap(mapped_, other.mapped_);
    std::swap(rings_, other.rings_);
  }

  Fd file_;
  std::byte* data_ = nullptr;
  size_t mapped_ = 0;  // 0 when it was lent
  std::array<std::byte*, kMostRings> rings_{};
};

}  // namespace coroipc::sys
