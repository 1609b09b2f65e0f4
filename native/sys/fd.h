// One owned descriptor.
#pragma once

#include <utility>

#include "sys/result.h"

namespace coroipc::sys {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  void reset();
  // Gives the descriptor up without closing it.
  void leave() { fd_ = -1; }

 private:
  int fd_ = -1;
};

// Whether two descriptors are of the same file; false when one of them is not open.
[[nodiscard]] bool same_file(const Fd& one, const Fd& other);

// A second descriptor of the same open file, close-on-exec.
[[nodiscard]] Result<Fd> duplicate(const Fd& fd);

}  // namespace coroipc::sys
