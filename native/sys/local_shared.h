// Shared ownership on one thread. std::shared_ptr counts with locked instructions as soon as a
// program has threads, and each of those waits until all that was written before has left the CPU:
// right after a message was published that is the longest wait of its whole way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace coroipc::sys {

// All that share a thing belong to one thread.
template <class T>
class LocalShared {
 public:
  LocalShared() = default;
  LocalShared(std::nullptr_t) {}
  LocalShared(const LocalShared& other) : box_(other.box_) {
    if (box_ != nullptr) ++box_->owners;
  }
  LocalShared(LocalShared&& other) noexcept : box_(std::exchange(other.box_, nullptr)) {}
  LocalShared& operator=(LocalShared other) noexcept {
    std::swap(box_, other.box_);
    return *this;
  }
  ~LocalShared() {
    if (box_ != nullptr && --box_->owners == 0) delete box_;
  }

  template <class... Arguments>
  [[nodiscard]] static LocalShared make(Arguments&&... arguments) {
    return LocalShared(new Box{1, T(std::forward<Arguments>(arguments)...)});
  }

  [[nodiscard]] T* get() const { return box_ == nullptr ? nullptr : &box_->thing; }
  // Precondition of both: it owns something.
  T* operator->() const { return &box_->thing; }
  T& operator*() const { return box_->thing; }

  friend bool operator==(const LocalShared& one, const LocalShared& other) {
    return one.box_ == other.box_;
  }
  friend bool operator==(const LocalShared& one, std::nullptr_t) { return one.box_ == nullptr; }

 private:
  struct Box {
    uint32_t owners;
    T thing;
  };

  explicit LocalShared(Box* box) : box_(box) {}

  Box* box_ = nullptr;
};

}  // namespace coroipc::sys
