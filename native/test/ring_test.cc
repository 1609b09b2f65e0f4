#include <deque>
#include <random>

#include "ring/index_ring.h"
#include "test/test.h"

namespace coroipc::ring {
namespace {

// A ring that is written and read at random never lets a message reach unread bytes, and is empty
// exactly when the indices meet.
void play(const IndexRing& ring, uint32_t alignment, uint32_t seed) {
  std::mt19937 random(seed);
  uint32_t read = 0;
  uint32_t write = 0;
  std::deque<uint32_t> unread;
  uint64_t held = 0;
  const auto padded = [&](uint32_t size) { return (size + alignment - 1) / alignment * alignment; };
  for (int step = 0; step < 20000; ++step) {
    const uint32_t size = static_cast<uint32_t>(1 + random() % ring.largest());
    if (random() % 2 == 0 && ring.usable(read, write) >= size) {
      write = ring.after(write, size);
      unread.push_back(size);
      held += padded(size);
    } else if (!unread.empty()) {
      read = ring.after(read, unread.front());
      held -= padded(unread.front());
      unread.pop_front();
    }
    CHECK(ring.valid(read) && ring.valid(write));
    CHECK_EQ(ring.used(read, write), held);
    CHECK(held < ring.size());
    CHECK_EQ(read == write, unread.empty());
  }
}

TEST(index_ring_of_generation_1_2_never_overlaps) { play(IndexRing(4096, 1, 1), 1, 11); }

TEST(index_ring_of_generation_1_4_never_overlaps) { play(IndexRing(4096, 9, 8), 8, 12); }

TEST(index_ring_takes_its_largest_message_when_empty_anywhere) {
  for (const IndexRing& ring : {IndexRing(4096, 1, 1), IndexRing(4096, 9, 8)}) {
    for (uint32_t at = 0; at < ring.size(); at += 8) {
      CHECK(ring.usable(at, at) >= ring.largest());
      CHECK(ring.after(at, ring.largest()) != at);
    }
    CHECK(ring.largest() < ring.size());
  }
}

TEST(index_ring_counts_no_index_past_its_end_as_valid) {
  const IndexRing ring(4096, 1, 1);
  CHECK(ring.valid(4095));
  CHECK(!ring.valid(4096));
  CHECK(!ring.valid(0xffffffff));
}

}  // namespace
}  // namespace coroipc::ring
