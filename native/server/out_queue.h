// Dispatch messages that did not fit the ring, in order, with a limit in bytes; and what becomes of
// one beyond the limit.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <utility>

#include "sys/large_memory.h"
#include "wire/message.h"

namespace coroipc::server {

// What becomes of a dispatch message that the ring has no room for. One that is larger than the
// limit itself is refused, whichever it is. The numbers are those on the border to JavaScript.
enum class Overflow {
  kQueue = 0,       // it waits; beyond the limit it is refused
  kDropOldest = 1,  // it waits; beyond the limit those that waited longest give way
  kReject = 2,      // it is refused
  kDisconnect = 3,  // it waits; beyond the limit the connection ends
};
inline constexpr uint64_t kOverflows = 4;

class OutQueue {
 public:
  explicit OutQueue(size_t max_bytes) : max_bytes_(max_bytes) {}

  // From the next message on; what waits already waits on.
  void set_overflow(Overflow overflow, size_t max_bytes) {
    overflow_ = overflow;
    max_bytes_ = max_bytes;
  }
  [[nodiscard]] Overflow overflow() const { return overflow_; }
  [[nodiscard]] size_t max_bytes() const { return max_bytes_; }
  // The most bytes that may wait.
  [[nodiscard]] size_t limit() const { return overflow_ == Overflow::kReject ? 0 : max_bytes_; }

  [[nodiscard]] bool empty() const { return messages_.empty(); }
  [[nodiscard]] size_t messages() const { return messages_.size(); }
  [[nodiscard]] size_t bytes() const { return bytes_; }

  // Whether a message of `size` bytes keeps the queue within `limit`.
  [[nodiscard]] bool fits(size_t size, size_t limit) const {
    return size <= limit && bytes_ <= limit - size;
  }
  // Drops the oldest messages until one of `size` bytes fits; how many. Precondition: size <=
  // limit.
  [[nodiscard]] size_t drop_oldest(size_t size, size_t limit) {
    size_t dropped = 0;
    for (; !fits(size, limit); ++dropped) pop();
    return dropped;
  }
  void push(wire::Parts parts) {
    const size_t size = wire::total_size(parts);
    sys::count_memory(size);
    // Every byte of it is written: zeros first would cost as much once more.
    Message message{std::make_unique_for_overwrite<std::byte[]>(size), size};
    wire::copy_parts(parts, message.bytes.get());
    bytes_ += size;
    messages_.push_back(std::move(message));
  }

  // Precondition of both: not empty.
  [[nodiscard]] wire::Bytes front() const {
    return {messages_.front().bytes.get(), messages_.front().size};
  }
  void pop() {
    bytes_ -= messages_.front().size;
    messages_.pop_front();
  }

  void clear() {
    messages_.clear();
    bytes_ = 0;
  }

 private:
  struct Message {
    std::unique_ptr<std::byte[]> bytes;
    size_t size;
  };

  Overflow overflow_ = Overflow::kQueue;
  size_t max_bytes_;
  size_t bytes_ = 0;
  // Mostly there are none, and then a list takes no memory.
  std::list<Message> messages_;
};

}  // namespace coroipc::server
