// The memory of a zero-copy buffer, over a sealed memory file (sys/memory_file.h). Its maker shares
// what it writes. Its receiver sees that, and may write too, which changes a page of its own: such
// a page shows nothing of the maker's any more. A forked child does not get the mapping.
#pragma once

#include <cstddef>
#include <utility>

#include "sys/fd.h"

namespace coroipc::sys {

class BufferMemory {
 public:
  BufferMemory() = default;
  BufferMemory(BufferMemory&& other) noexcept { swap(other); }
  BufferMemory& operator=(BufferMemory&& other) noexcept {
    swap(other);
    return *this;
  }
  ~BufferMemory();

  // Memory of our own, all zeros. `bytes` is a multiple of the page size, and not 0.
  [[nodiscard]] static Result<BufferMemory> make(size_t bytes);
  // Memory that a peer handed over. INVALID_PARAM, and no system call that failed, when it is not
  // sealed, not of that size, not all there, or no memory file at all.
  [[nodiscard]] static Result<BufferMemory> take(const Fd& file, size_t bytes);

  // To be handed over by who made it; our own mapping does not need it after that.
  [[nodiscard]] const Fd& file() const { return file_; }
  void close_file() { file_.reset(); }

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }

 private:
  [[nodiscard]] Outcome map(const Fd& file, size_t bytes, int flags);
  void swap(BufferMemory& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  Fd file_;
  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace coroipc::sys
