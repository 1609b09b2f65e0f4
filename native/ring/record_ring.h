// A ring of records with one producer and one consumer, who do not trust each other. Either end
// keeps its own index, and a checked copy of the other's; both indices count bytes since the
// beginning and never come round. docs/native-wire.md has the layout and the rules.
//
// Pure logic over memory that somebody else has mapped: the producer's `ring` twice, back to back,
// for writing; the consumer's likewise, for reading. An end belongs to one thread. What breaks the
// rules is a breach; an end that saw one says so for ever.
//
// Where an end stands is its owner's to keep, since JavaScript on the same thread may go on from
// there (packages/core/src/rings): between two calls of an end's, and by whole records.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace coroipc::ring {

inline constexpr size_t kRecordHeaderBytes = 16;
inline constexpr size_t kRecordAlignment = 8;

struct RecordHeader {
  uint32_t bytes;  // of the record, this header included, without padding
  uint32_t kind;
  uint64_t sequence;
};
static_assert(sizeof(RecordHeader) == kRecordHeaderBytes);

[[nodiscard]] constexpr uint64_t padded(uint64_t bytes) {
  return (bytes + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

// The index that a peer writes, or that it reads.
[[nodiscard]] inline uint64_t load_index(const uint64_t* at) {
  // Only the type wants to be rid of const: nothing is written.
  return std::atomic_ref(*const_cast<uint64_t*>(at)).load(std::memory_order_acquire);
}
inline void store_index(uint64_t* at, uint64_t value) {
  std::atomic_ref(*at).store(value, std::memory_order_release);
}

struct ProducerPlace {
  uint64_t tail = 0;
  uint64_t head = 0;     // the peer's, as far as it was checked
  uint64_t refused = 0;  // bytes of the last record, when it found no room
};

struct ConsumerPlace {
  uint64_t head = 0;
  uint64_t tail = 0;  // the peer's, as far as it was checked
};

class RecordProducer {
 public:
  enum class Put { kDone, kNoRoom, kBreach };

  // `size` is a power of two.
  RecordProducer(std::byte* ring, size_t size, uint64_t* tail, const uint64_t* peer_head,
                 ProducerPlace& place)
      : ring_(ring), size_(size), shared_tail_(tail), peer_head_(peer_head), at_(place) {}

  // The largest message that an empty ring takes.
  [[nodiscard]] size_t largest() const { return size_ - kRecordHeaderBytes; }

  [[nodiscard]] Put put(uint32_t kind, uint64_t sequence,
                        std::span<const std::span<const std::byte>> parts) {
    uint64_t bytes = kRecordHeaderBytes;
    for (const auto& part : parts) bytes += part.size();
    const bool fits = bytes <= size_ && has_room(padded(bytes));
    // What can never fit is not waited for.
    at_.refused = fits || bytes > size_ ? 0 : padded(bytes);
    if (!fits) return breach_ ? Put::kBreach : Put::kNoRoom;
    std::byte* to = ring_ + (at_.tail & (size_ - 1));
    const RecordHeader header{static_cast<uint32_t>(bytes), kind, sequence};
    std::memcpy(to, &header, sizeof header);
    to += sizeof header;
    for (const auto& part : parts) {
      if (!part.empty()) std::memcpy(to, part.data(), part.size());
      to += part.size();
    }
    at_.tail += padded(bytes);
    store_index(shared_tail_, at_.tail);
    return Put::kDone;
  }

  // Whether `put` finds room for a message of `bytes` bytes, or a breach.
  [[nodiscard]] bool takes(size_t bytes) {
    const uint64_t record = kRecordHeaderBytes + uint64_t{bytes};
    return record <= size_ && (has_room(padded(record)) || breach_);
  }
  // Whether the consumer has taken everything, as far as it says.
  [[nodiscard]] bool drained() { return renew() && at_.head == at_.tail; }
  // A cheap look at whether it has. One that lies harms itself alone.
  [[nodiscard]] bool taken() const { return load_index(peer_head_) == at_.tail; }
  // Whether the last `put` found no room but may later, and whether it would by now. Who waits for
  // room in another ring must not be kept awake by this one.
  [[nodiscard]] bool blocked() const { return at_.refused != 0; }
  // A cheap look at whether the consumer has taken anything since it was last asked for room.
  [[nodiscard]] bool moved() const { return load_index(peer_head_) != at_.head; }
  [[nodiscard]] bool room_made() const {
    return at_.refused != 0 && at_.tail + at_.refused - load_index(peer_head_) <= size_;
  }
  [[nodiscard]] bool breached() const { return breach_; }

 private:
  [[nodiscard]] bool has_room(uint64_t bytes) {
    if (at_.tail + bytes - at_.head <= size_) return !breach_;
    return renew() && at_.tail + bytes - at_.head <= size_;
  }

  [[nodiscard]] bool renew() {
    const uint64_t head = load_index(peer_head_);
    // Neither behind what it was nor ahead of what was written: one comparison says both.
    if (at_.tail - head > at_.tail - at_.head || head % kRecordAlignment != 0) breach_ = true;
    if (!breach_) at_.head = head;
    return !breach_;
  }

  std::byte* const ring_;
  const uint64_t size_;
  uint64_t* const shared_tail_;
  const uint64_t* const peer_head_;
  ProducerPlace& at_;
  bool breach_ = false;
};

// A record in its place. The header's fields are copies that were checked; the message may be
// changed by the producer at any time.
struct RecordView {
  uint32_t kind = 0;
  uint64_t sequence = 0;
  const std::byte* message = nullptr;
  uint32_t size = 0;
};

class RecordConsumer {
 public:
  enum class Look { kNothing, kRecord, kBreach };

  RecordConsumer(const std::byte* ring, size_t size, uint64_t* head, const uint64_t* peer_tail,
                 ConsumerPlace& place)
      : ring_(ring), size_(size), shared_head_(head), peer_tail_(peer_tail), at_(place) {}

  // A cheap look at whether `look` finds something.
  [[nodiscard]] bool ready() const {
    return at_.tail != at_.head || load_index(peer_tail_) != at_.head;
  }

  // The oldest record; the same one until `pop`.
  [[nodiscard]] Look look(RecordView& view) {
    if (at_.tail == at_.head) {
      if (breach_ || !renew()) return Look::kBreach;
      if (at_.tail == at_.head) return Look::kNothing;
    }
    const std::byte* at = ring_ + (at_.head & (size_ - 1));
    RecordHeader header;
    std::memcpy(&header, at, sizeof header);
    // The compiler must not read the shared bytes again after the copy was checked.
    asm volatile("" : "+m"(header) : : "memory");
    if (header.bytes < kRecordHeaderBytes || padded(header.bytes) > at_.tail - at_.head) {
      breach_ = true;
      at_.tail = at_.head;
      return Look::kBreach;
    }
    view = {header.kind, header.sequence, at + kRecordHeaderBytes,
            static_cast<uint32_t>(header.bytes - kRecordHeaderBytes)};
    record_bytes_ = padded(header.bytes);
    // What is published already is on its way while this one is used. What is not is the
    // producer's.
    if (at_.tail - at_.head > record_bytes_) {
      __builtin_prefetch(at + record_bytes_);
      __builtin_prefetch(at + record_bytes_ + 64);
    }
    return Look::kRecord;
  }

  // Gives the room of the record that `look` found back. Precondition: it found one.
  void pop() {
    at_.head += record_bytes_;
    record_bytes_ = 0;
    store_index(shared_head_, at_.head);
  }

 private:
  [[nodiscard]] bool renew() {
    const uint64_t tail = load_index(peer_tail_);
    if (tail - at_.head > size_ || tail % kRecordAlignment != 0) breach_ = true;
    if (!breach_) at_.tail = tail;
    return !breach_;
  }

  const std::byte* const ring_;
  const uint64_t size_;
  uint64_t* const shared_head_;
  const uint64_t* const peer_tail_;
  ConsumerPlace& at_;
  uint64_t record_bytes_ = 0;
  bool breach_ = false;
};

}  // namespace coroipc::ring
