// Dispatch messages that did not fit the ring, in order, with a limit in bytes.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "wire/message.h"

namespace coroipc::server {

class OutQueue {
 public:
  explicit OutQueue(size_t max_bytes) : max_bytes_(max_bytes) {}

  [[nodiscard]] bool empty() const { return messages_.empty(); }
  [[nodiscard]] size_t messages() const { return messages_.size(); }
  [[nodiscard]] size_t bytes() const { return bytes_; }

  // False: the message would exceed the limit; nothing was queued.
  [[nodiscard]] bool push(wire::Parts parts) {
    const size_t size = wire::total_size(parts);
    if (size > max_bytes_ || bytes_ > max_bytes_ - size) return false;
    std::vector<std::byte> message(size);
    wire::copy_parts(parts, message.data());
    messages_.push_back(std::move(message));
    bytes_ += size;
    return true;
  }

  // Precondition of both: not empty.
  [[nodiscard]] wire::Bytes front() const { return messages_.front(); }
  void pop() {
    bytes_ -= messages_.front().size();
    messages_.pop_front();
  }

  void clear() {
    messages_.clear();
    bytes_ = 0;
  }

 private:
  size_t max_bytes_;
  size_t bytes_ = 0;
  std::deque<std::vector<std::byte>> messages_;
};

}  // namespace coroipc::server
