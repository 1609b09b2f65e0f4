// A ring of records with one producer and one consumer, who do not trust each other. Either end
// keeps its own index, in bytes since the beginning, which never comes round. A record is published
// by its first word, its size: until then, that word is zero. So a small message is on its way to
// the other CPU in a cache line or two, and no index goes with it. docs/native-wire.md has the
// layout and the rules.
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

// The bytes of records, headers and padding included, that a ring has room for: behind the last of
// them is the first word of the next, which says that there is none.
[[nodiscard]] constexpr uint64_t record_limit(uint64_t ring_bytes) {
  return ring_bytes - kRecordAlignment;
}
// What the largest message of a ring has around it.
inline constexpr size_t kAroundLargest = kRecordHeaderBytes + kRecordAlignment;

// A record's first word: its bytes, or 0 where there is none yet. Room for it lies behind each
// record.
[[nodiscard]] inline uint32_t load_bytes(const std::byte* record) {
  auto* const at = reinterpret_cast<uint32_t*>(const_cast<std::byte*>(record));
  return std::atomic_ref(*at).load(std::memory_order_acquire);
}
inline void store_bytes(std::byte* record, uint32_t bytes) {
  std::atomic_ref(*reinterpret_cast<uint32_t*>(record)).store(bytes, std::memory_order_release);
}

// The index of a consumer.
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
};

class RecordProducer {
 public:
  enum class Put { kDone, kNoRoom, kBreach };

  // `size` is a power of two.
  RecordProducer(std::byte* ring, size_t size, const uint64_t* peer_head, ProducerPlace& place)
      : ring_(ring), size_(size), limit_(record_limit(size)), peer_head_(peer_head), at_(place) {}

  // The largest message that an empty ring takes.
  [[nodiscard]] size_t largest() const { return limit_ - kRecordHeaderBytes; }

  [[nodiscard]] Put put(uint32_t kind, uint64_t sequence,
                        std::span<const std::span<const std::byte>> parts) {
    uint64_t bytes = kRecordHeaderBytes;
    for (const auto& part : parts) bytes += part.size();
    const bool fits = bytes <= limit_ && has_room(padded(bytes));
    // What can never fit is not waited for.
    at_.refused = fits || bytes > limit_ ? 0 : padded(bytes);
    if (!fits) return breach_ ? Put::kBreach : Put::kNoRoom;
    std::byte* const record = ring_ + (at_.tail & (size_ - 1));
    // What lay there in an earlier lap must not look like a record: first the next place is
    // cleared.
    store_bytes(record + padded(bytes), 0);
    std::memcpy(record + offsetof(RecordHeader, kind), &kind, sizeof kind);
    std::memcpy(record + offsetof(RecordHeader, sequence), &sequence, sizeof sequence);
    std::byte* to = record + kRecordHeaderBytes;
    for (const auto& part : parts) {
      if (!part.empty()) std::memcpy(to, part.data(), part.size());
      to += part.size();
    }
    at_.tail += padded(bytes);
    store_bytes(record, static_cast<uint32_t>(bytes));
    return Put::kDone;
  }

  // Whether `put` finds room for a message of `bytes` bytes, or a breach.
  [[nodiscard]] bool takes(size_t bytes) {
    const uint64_t record = kRecordHeaderBytes + uint64_t{bytes};
    return record <= limit_ && (has_room(padded(record)) || breach_);
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
    return at_.refused != 0 && at_.tail + at_.refused - load_index(peer_head_) <= limit_;
  }
  [[nodiscard]] bool breached() const { return breach_; }

 private:
  [[nodiscard]] bool has_room(uint64_t bytes) {
    if (at_.tail + bytes - at_.head <= limit_) return !breach_;
    return renew() && at_.tail + bytes - at_.head <= limit_;
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
  const uint64_t limit_;
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

  RecordConsumer(const std::byte* ring, size_t size, uint64_t* head, ConsumerPlace& place)
      : ring_(ring), size_(size), shared_head_(head), at_(place) {}

  // A cheap look at whether `look` finds something.
  [[nodiscard]] bool ready() const { return load_bytes(first()) != 0; }

  // The oldest record; the same one until `pop`.
  [[nodiscard]] Look look(RecordView& view) {
    if (breach_) return Look::kBreach;
    const std::byte* const at = first();
    const uint32_t bytes = load_bytes(at);
    if (bytes == 0) return Look::kNothing;
    if (bytes < kRecordHeaderBytes || bytes > record_limit(size_)) {
      breach_ = true;
      return Look::kBreach;
    }
    RecordHeader header;
    std::memcpy(&header, at, sizeof header);
    // The compiler must not read the shared bytes again after the copy was checked.
    asm volatile("" : "+m"(header) : : "memory");
    view = {header.kind, header.sequence, at + kRecordHeaderBytes,
            static_cast<uint32_t>(bytes - kRecordHeaderBytes)};
    record_bytes_ = padded(bytes);
    // What is published already is on its way while this one is used. What is not is the
    // producer's.
    const std::byte* const next = at + record_bytes_;
    if (load_bytes(next) != 0) {
      __builtin_prefetch(next + 64);
      __builtin_prefetch(next + 128);
    }
    return Look::kRecord;
  }

  // Gives the room of the record that `look` found back. Precondition: it found one.
  void pop() {
    pass();
    give_back();
  }
  // The same in two steps, for several records: goes on to the next; then gives back all that it
  // went past.
  void pass() {
    at_.head += record_bytes_;
    record_bytes_ = 0;
  }
  void give_back() { store_index(shared_head_, at_.head); }

 private:
  [[nodiscard]] const std::byte* first() const { return ring_ + (at_.head & (size_ - 1)); }

  const std::byte* const ring_;
  const uint64_t size_;
  uint64_t* const shared_head_;
  ConsumerPlace& at_;
  uint64_t record_bytes_ = 0;
  bool breach_ = false;
};

}  // namespace coroipc::ring
