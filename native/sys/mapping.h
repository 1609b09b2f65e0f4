// Shared memory as this process sees it. Every mapping is guarded: should the peer truncate the
// file under our feet, a touch finds zeros in place of SIGBUS, and `torn()` says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "sys/fd.h"

namespace coroipc::sys {

class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept { swap(other); }
  Mapping& operator=(Mapping&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Mapping();

  // Maps the first `bytes` of the file, readable and writable, shared.
  [[nodiscard]] static Result<Mapping> whole(const Fd& file, size_t bytes);
  // Maps the file twice, back to back, so that a message that wraps around lies in one piece.
  // `bytes` must be a multiple of the page size.
  [[nodiscard]] static Result<Mapping> ring(const Fd& file, size_t bytes);

  [[nodiscard]] std::byte* data() const { return data_; }
  // The bytes that may be touched; twice the file's size for a ring.
  [[nodiscard]] size_t size() const { return size_; }
  // Whether the peer took memory away that we touched.
  [[nodiscard]] bool torn() const;

 private:
  Mapping(std::byte* data, size_t size, uint32_t guard) : data_(data), size_(size), guard_(guard) {}
  void swap(Mapping& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(guard_, other.guard_);
  }

  std::byte* data_ = nullptr;
  size_t size_ = 0;
  uint32_t guard_ = 0;  // a slot of the SIGBUS guard
};

// Puts zeros of our own in the place of memory that was mapped there, of all pages that it lies in:
// they are given back, and who still reads or writes there, in whatever thread, comes to no harm.
// Where the system refuses, all stays as it is.
void blank(std::byte* data, size_t bytes);

// `bytes` rounded up to whole pages.
[[nodiscard]] size_t round_up_to_pages(size_t bytes);

}  // namespace coroipc::sys
