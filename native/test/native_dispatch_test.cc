// Dispatch messages that a client takes several at once: how far it goes, and that what it has
// copied is what it has checked, whatever the server writes meanwhile.

#include <array>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "sys/clock.h"
#include "test/native_pair.h"
#include "test/test.h"

namespace coroipc::wire::native {
namespace {

constexpr Geometry kSmall{4096, 4096, 4096, 16};
constexpr size_t kLargest = 1000;

// A message of `body` bytes, all of them `fill`.
ServerEnd::Put dispatch(Pair& pair, size_t body, int fill) {
  std::vector<std::byte> bytes(sizeof(ResponseHeader) + body, static_cast<std::byte>(fill));
  const ResponseHeader header{static_cast<int32_t>(bytes.size()), fill, 1};
  std::memcpy(bytes.data(), &header, sizeof header);
  const Bytes part(bytes);
  return pair.server->dispatch(Parts(&part, 1));
}

ResponseHeader header_at(std::span<const std::byte> room, size_t at) {
  return copy_out<ResponseHeader>(room.data() + at);
}

TEST(native_client_takes_what_is_there_one_after_another) {
  Pair pair(kSmall);
  std::array<std::byte, 1024> room{};
  ClientEnd::Taken taken = pair.client->take_dispatches(room, 10, kLargest);
  CHECK(taken.count == 0 && taken.bytes == 0 && taken.all);

  for (int i = 1; i <= 3; ++i) REQUIRE(dispatch(pair, 5, i) == ServerEnd::Put::kDone);
  taken = pair.client->take_dispatches(room, 10, kLargest);
  CHECK(taken.count == 3 && taken.all);
  CHECK_EQ(taken.bytes, size_t{3 * 32});
  for (int i = 1; i <= 3; ++i) {
    const size_t at = static_cast<size_t>(i - 1) * 32;
    CHECK_EQ(header_at(room, at).size, 29);
    CHECK_EQ(header_at(room, at).id, i);
    CHECK(room[at + 28] == static_cast<std::byte>(i));
  }
  // Their room is free again.
  CHECK_EQ(pair.client_writes->dispatch_head, uint64_t{3 * 48});
  Message message;
  CHECK(pair.client->dispatch(message) == ClientEnd::Look::kNothing);
}

TEST(native_client_takes_no_more_than_it_may_and_nothing_that_is_not_ordinary) {
  Pair pair(kSmall);
  std::array<std::byte, 1024> room{};
  const auto put = [&](size_t body, int fill) {
    return dispatch(pair, body, fill) == ServerEnd::Put::kDone;
  };
  const auto take = [&](std::span<std::byte> into, uint64_t most) {
    return pair.client->take_dispatches(into, most, kLargest);
  };
  REQUIRE(put(5, 1) && put(5, 2) && put(5, 3));
  CHECK_EQ(take(room, 2).count, 2U);
  // Without its padding it would fit, and does.
  CHECK_EQ(take(std::span(room).first(28), 1).count, 0U);
  const ClientEnd::Taken last = take(std::span(room).first(29), 1);
  CHECK(last.count == 1 && last.bytes == 29 && !last.all);

  Message message;
  // Too large a one is for `dispatch`, and so is one that was seen there.
  REQUIRE(put(kLargest, 4) && put(5, 5));
  CHECK(take(room, 10).count == 0 && !take(room, 10).all);
  REQUIRE(pair.client->dispatch(message) == ClientEnd::Look::kRecord);
  CHECK_EQ(message.size, uint32_t{sizeof(ResponseHeader) + kLargest});
  pair.client->dispatch_done();
  CHECK_EQ(take(room, 10).count, 1U);
}

TEST(native_client_takes_what_comes_before_a_breach) {
  Pair pair(kSmall);
  std::array<std::byte, 1024> room{};
  REQUIRE(dispatch(pair, 8, 1) == ServerEnd::Put::kDone);
  REQUIRE(dispatch(pair, 8, 2) == ServerEnd::Put::kDone);
  pair.dispatch_ring[48 + 8] = std::byte{7};
  const ClientEnd::Taken taken = pair.client->take_dispatches(room, 10, kLargest);
  CHECK(taken.count == 1 && !taken.all);
  Message message;
  CHECK(pair.client->dispatch(message) == ClientEnd::Look::kBreach);
}

// Both sizes are right ones, so that the server is caught at nothing.
TEST(native_client_copies_the_size_that_it_has_checked) {
  constexpr size_t kBody = 984;
  constexpr size_t kRecord = 1024;
  constexpr int32_t kSize = sizeof(ResponseHeader) + kBody;
  Pair pair(kSmall, Pair::Place::kSame);
  std::atomic<bool> over = false;
  std::thread liar([&] {
    while (!over.load(std::memory_order_relaxed)) {
      for (const int32_t size : {kSize - 500, kSize}) {
        for (size_t at = 0; at < 4096; at += kRecord) {
          auto* const word = reinterpret_cast<int32_t*>(pair.dispatch_ring + at + 16);
          std::atomic_ref(*word).store(size, std::memory_order_relaxed);
        }
      }
    }
  });
  uint64_t rounds = 0;
  uint64_t wrong = 0;
  uint64_t lies = 0;
  std::vector<std::byte> room(2 * kRecord);
  const int64_t patience = sys::deadline_after_ms(60'000);
  // On one CPU it takes a while until one is told.
  while (rounds < 100'000 || (lies == 0 && sys::now_ns() < patience)) {
    if (dispatch(pair, kBody, 1) != ServerEnd::Put::kDone) break;
    const ClientEnd::Taken taken = pair.client->take_dispatches(room, 1, 2 * kRecord);
    if (taken.count != 1) break;
    ++rounds;
    const int32_t size = header_at(room, 0).size;
    if (size != kSize) ++lies;
    if (up_to_next(static_cast<size_t>(size)) != taken.bytes) ++wrong;
  }
  over = true;
  liar.join();
  CHECK_EQ(wrong, 0U);
  CHECK(lies > 0);
  CHECK(rounds >= 100'000);
}

}  // namespace
}  // namespace coroipc::wire::native
