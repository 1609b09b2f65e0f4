#include "ring/record_ring.h"

#include <array>
#include <atomic>
#include <deque>
#include <random>
#include <thread>
#include <vector>

#include "sys/sealed_memory.h"
#include "test/test.h"

namespace coroipc::ring {
namespace {

using Parts = std::span<const std::span<const std::byte>>;
using Look = RecordConsumer::Look;
using Put = RecordProducer::Put;

constexpr size_t kSize = 4096;

// Both ends of one ring, over memory that is mapped twice as in production. The consumer's index
// lies in memory of its own.
struct Fixture {
  Fixture() {
    const size_t rings[] = {kSize};
    sys::Result<sys::SealedMemory> made = sys::SealedMemory::make(rings);
    if (made.ok()) memory = std::move(made.value());
  }
  [[nodiscard]] RecordProducer producer() {
    written = {};
    return RecordProducer(memory.ring(0), kSize, &head, written);
  }
  [[nodiscard]] RecordConsumer consumer() {
    read = {};
    return RecordConsumer(memory.ring(0), kSize, &head, read);
  }

  sys::SealedMemory memory;
  uint64_t head = 0;
  ProducerPlace written;
  ConsumerPlace read;
};

std::byte byte_of(uint64_t sequence, size_t index) {
  return static_cast<std::byte>((sequence * 31 + index * 7) & 0xff);
}

std::vector<std::byte> message_of(uint64_t sequence, size_t size) {
  std::vector<std::byte> message(size);
  for (size_t i = 0; i < size; ++i) message[i] = byte_of(sequence, i);
  return message;
}

bool holds(const RecordView& view, uint64_t sequence, size_t size) {
  if (view.sequence != sequence || view.size != size) return false;
  for (size_t i = 0; i < size; ++i)
    if (view.message[i] != byte_of(sequence, i)) return false;
  return true;
}

Put put(RecordProducer& producer, uint64_t sequence, std::span<const std::byte> message) {
  // In two pieces, so that the seam is tried too.
  const size_t cut = message.size() / 3;
  const std::array parts{message.first(cut), message.subspan(cut)};
  return producer.put(0, sequence, Parts(parts));
}

TEST(record_ring_agrees_with_a_queue) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    Fixture fixture;
    REQUIRE(fixture.memory.control() != nullptr);
    RecordProducer producer = fixture.producer();
    RecordConsumer consumer = fixture.consumer();
    std::mt19937 random(seed);
    std::deque<std::pair<uint64_t, size_t>> model;
    uint64_t held = 0;
    uint64_t next = 0;
    for (int step = 0; step < 5000; ++step) {
      const size_t most = step % 3 == 0 ? producer.largest() : 200;
      const size_t size = random() % (most + 1);
      const uint64_t bytes = padded(kRecordHeaderBytes + size);
      if (random() % 2 == 0) {
        CHECK_EQ(producer.takes(size), held + bytes <= record_limit(kSize));
        const Put done = put(producer, next, message_of(next, size));
        CHECK_EQ(done == Put::kDone, held + bytes <= record_limit(kSize));
        if (done != Put::kDone) continue;
        model.emplace_back(next++, size);
        held += bytes;
      } else {
        RecordView view;
        const Look found = consumer.look(view);
        CHECK_EQ(found == Look::kRecord, !model.empty());
        CHECK_EQ(consumer.ready(), !model.empty());
        if (found != Look::kRecord) continue;
        const auto [sequence, message_size] = model.front();
        REQUIRE(holds(view, sequence, message_size));
        RecordView again;
        CHECK(consumer.look(again) == Look::kRecord && again.message == view.message);
        consumer.pop();
        held -= padded(kRecordHeaderBytes + message_size);
        model.pop_front();
      }
      CHECK_EQ(producer.drained(), model.empty());
    }
    CHECK(!producer.breached());
  }
}

TEST(record_ring_refuses_what_can_never_fit_and_stays_whole) {
  Fixture fixture;
  RecordProducer producer = fixture.producer();
  RecordConsumer consumer = fixture.consumer();
  CHECK(put(producer, 1, message_of(1, producer.largest() + 1)) == Put::kNoRoom);
  CHECK(!producer.takes(producer.largest() + 1) && producer.takes(producer.largest()));
  CHECK(put(producer, 1, message_of(1, producer.largest())) == Put::kDone);
  CHECK(put(producer, 2, {}) == Put::kNoRoom);
  RecordView view;
  REQUIRE(consumer.look(view) == Look::kRecord);
  CHECK(holds(view, 1, producer.largest()));
  consumer.pop();
  CHECK(consumer.look(view) == Look::kNothing);
  CHECK(put(producer, 2, {}) == Put::kDone);
}

// What is told of room is what somebody sleeps by, or does not sleep.
TEST(record_ring_tells_of_room_only_for_what_found_none) {
  Fixture fixture;
  RecordProducer producer = fixture.producer();
  RecordConsumer consumer = fixture.consumer();
  const auto take = [&] {
    RecordView view;
    CHECK(consumer.look(view) == Look::kRecord);
    consumer.pop();
  };
  CHECK(put(producer, 1, message_of(1, 1000)) == Put::kDone);
  take();
  CHECK(!producer.room_made());
  CHECK(put(producer, 2, message_of(2, 1500)) == Put::kDone);
  CHECK(put(producer, 3, message_of(3, 1500)) == Put::kDone);
  CHECK(put(producer, 4, message_of(4, 3000)) == Put::kNoRoom);
  CHECK(producer.blocked() && !producer.room_made());
  take();
  CHECK(!producer.room_made());
  take();
  CHECK(producer.blocked() && producer.room_made());
  CHECK(put(producer, 4, message_of(4, 3000)) == Put::kDone);
  CHECK(!producer.blocked() && !producer.room_made());
  CHECK(put(producer, 5, message_of(5, producer.largest() + 1)) == Put::kNoRoom);
  take();
  CHECK(!producer.blocked() && !producer.room_made());
}

TEST(record_ring_counts_a_consumers_impossible_head_as_a_breach) {
  for (const int64_t lie :
       {int64_t{-8}, int64_t{4}, int64_t{1} << 40, int64_t{kSize}, int64_t{72}}) {
    Fixture fixture;
    RecordProducer producer = fixture.producer();
    REQUIRE(put(producer, 1, message_of(1, 40)) == Put::kDone);
    fixture.head = static_cast<uint64_t>(lie);
    CHECK(!producer.drained());
    CHECK(producer.breached());
    // Whoever asks for room goes on to `put`, which tells.
    CHECK(producer.takes(4000));
    CHECK(put(producer, 2, {}) == Put::kBreach);
    fixture.head = 0;
    CHECK(put(producer, 2, message_of(2, 4000)) == Put::kBreach);
  }
}

TEST(record_ring_counts_a_head_that_goes_back_as_a_breach) {
  Fixture fixture;
  RecordProducer producer = fixture.producer();
  REQUIRE(put(producer, 1, message_of(1, 40)) == Put::kDone);
  fixture.head = 56;
  CHECK(producer.drained());
  fixture.head = 0;
  CHECK(!producer.drained());
  CHECK(producer.breached());
}

TEST(record_ring_counts_a_records_impossible_size_as_a_breach) {
  for (const uint32_t lie : {1U, 15U, 4089U, 4096U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    Fixture fixture;
    RecordProducer producer = fixture.producer();
    RecordConsumer consumer = fixture.consumer();
    REQUIRE(put(producer, 1, message_of(1, 16)) == Put::kDone);
    store_bytes(fixture.memory.ring(0), lie);
    RecordView view;
    CHECK(consumer.look(view) == Look::kBreach);
    store_bytes(fixture.memory.ring(0), 32);
    CHECK(consumer.look(view) == Look::kBreach);
    CHECK_EQ(fixture.head, 0);
  }
}

// Bytes of an earlier lap lie where the next record will, and may be anything: a user's, who has
// made them look like records.
TEST(record_ring_never_takes_an_earlier_lap_for_a_record) {
  Fixture fixture;
  RecordProducer producer = fixture.producer();
  RecordConsumer consumer = fixture.consumer();
  std::vector<std::byte> forged(2000);
  for (size_t at = 0; at < forged.size(); at += kRecordAlignment) {
    const RecordHeader header{32, 0, 0};
    std::memcpy(forged.data() + at, &header, kRecordAlignment);
  }
  std::mt19937 random(7);
  for (uint64_t sequence = 0; sequence < 20'000; ++sequence) {
    const size_t size = random() % forged.size();
    REQUIRE(put(producer, sequence, std::span(forged).first(size)) == Put::kDone);
    RecordView view;
    REQUIRE(consumer.look(view) == Look::kRecord);
    REQUIRE(view.sequence == sequence && view.size == size);
    consumer.pop();
    REQUIRE(!consumer.ready() && consumer.look(view) == Look::kNothing);
  }
}

// Two threads, all sizes, stalls on both sides: nothing is lost, doubled, changed or out of order.
TEST(record_ring_between_two_threads) {
  Fixture fixture;
  constexpr uint64_t kMessages = 200'000;
  // Both ends look at the other's index through their own copies of the addresses only.
  std::atomic<bool> failed = false;
  std::thread other([&] {
    RecordProducer producer = fixture.producer();
    std::mt19937 random(5);
    for (uint64_t sequence = 0; sequence < kMessages && !failed;) {
      const size_t size = sequence * 2654435761U % 600;
      if (put(producer, sequence, message_of(sequence, size)) == Put::kDone)
        ++sequence;
      else
        std::this_thread::yield();
      if (random() % 50'000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  RecordConsumer consumer = fixture.consumer();
  std::mt19937 random(6);
  for (uint64_t sequence = 0; sequence < kMessages;) {
    RecordView view;
    const Look found = consumer.look(view);
    if (found == Look::kNothing) {
      std::this_thread::yield();
      continue;
    }
    if (found == Look::kBreach || !holds(view, sequence, sequence * 2654435761U % 600)) {
      failed = true;
      break;
    }
    consumer.pop();
    ++sequence;
    if (random() % 50'000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  other.join();
  CHECK(!failed);
}

}  // namespace
}  // namespace coroipc::ring
