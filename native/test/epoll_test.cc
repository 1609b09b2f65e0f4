#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "epoll/epoll_set.h"
#include "epoll/loops.h"
#include "test/test.h"

namespace coroipc::epoll {
namespace {

constexpr int kLongMs = 20'000;

struct Pair {
  sys::Fd near;
  sys::Fd far;

  void send() const { CHECK_EQ(write(far.get(), "x", 1), 1); }
  void take() const {
    char byte = 0;
    CHECK_EQ(read(near.get(), &byte, 1), 1);
  }
};

Pair connected() {
  int ends[2] = {-1, -1};
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  return {sys::Fd(ends[0]), sys::Fd(ends[1])};
}

std::unique_ptr<EpollSet> opened() {
  auto made = EpollSet::make();
  CHECK(made.ok());
  return std::move(made.value());
}

// What is ready now, `most` at the most.
std::vector<Ready> look(EpollSet& set, size_t most, int timeout_ms = 0) {
  std::vector<Ready> ready(most);
  auto count = set.wait(ready, timeout_ms);
  CHECK(count.ok());
  ready.resize(count.ok() ? count.value() : 0);
  return ready;
}

bool readable(const EpollSet& set) {
  pollfd entry{set.fd(), POLLIN, 0};
  return poll(&entry, 1, 0) == 1;
}

TEST(epoll_set_tells_what_is_ready_for_as_long_as_it_is) {
  const auto set = opened();
  const Pair pair = connected();
  REQUIRE(set->add(pair.near.get(), 7, POLLIN).ok());
  CHECK_EQ(look(*set, 8).size(), 0);
  CHECK(!readable(*set));
  pair.send();
  for (int turn = 0; turn < 3; ++turn) {
    const auto ready = look(*set, 8);
    REQUIRE_EQ(ready.size(), 1);
    CHECK_EQ(ready[0].watch, 7);
    CHECK_EQ(ready[0].events, POLLIN);
    CHECK(readable(*set));
  }
  pair.take();
  CHECK_EQ(look(*set, 8).size(), 0);
  CHECK(!readable(*set));
  REQUIRE(set->modify(pair.near.get(), 7, POLLIN | POLLOUT).ok());
  CHECK_EQ(look(*set, 8).size(), 1);
  REQUIRE(set->modify(pair.near.get(), 7, 0).ok());
  pair.send();
  CHECK_EQ(look(*set, 8).size(), 0);
}

TEST(epoll_set_serves_many_ready_descriptors_in_turn_however_few_are_asked_for) {
  constexpr size_t kCount = 100;
  constexpr size_t kRounds = 7;
  for (const size_t most : {size_t{1}, size_t{3}, size_t{64}}) {
    const auto set = opened();
    std::vector<Pair> pairs;
    for (size_t i = 0; i < kCount; ++i) {
      pairs.push_back(connected());
      REQUIRE(set->add(pairs[i].near.get(), i + 1, POLLIN).ok());
      pairs[i].send();
    }
    std::map<uint64_t, size_t> served;
    size_t all = 0;
    while (all < kCount * kRounds) {
      const auto ready = look(*set, std::min(most, kCount * kRounds - all));
      REQUIRE(!ready.empty());
      for (const Ready& each : ready) ++served[each.watch];
      all += ready.size();
    }
    CHECK_EQ(served.size(), kCount);
    for (const auto& [watch, times] : served) CHECK_EQ(times, kRounds);
  }
}

TEST(epoll_set_serves_a_late_one_although_others_stay_ready) {
  const auto set = opened();
  std::vector<Pair> hot;
  for (uint64_t i = 0; i < 10; ++i) {
    hot.push_back(connected());
    REQUIRE(set->add(hot.back().near.get(), 100 + i, POLLIN).ok());
    hot.back().send();
  }
  const Pair late = connected();
  REQUIRE(set->add(late.near.get(), 1, POLLIN).ok());
  for (int turn = 0; turn < 25; ++turn) CHECK_EQ(look(*set, 1).size(), 1);
  late.send();
  bool served = false;
  for (int turn = 0; turn < 11 && !served; ++turn) served = look(*set, 1).at(0).watch == 1;
  CHECK(served);
}

TEST(epoll_set_reports_its_bell_once_and_from_any_thread) {
  const auto set = opened();
  std::thread ringer([&] {
    for (int i = 0; i < 3; ++i) set->ring();
  });
  const auto ready = look(*set, 8, kLongMs);
  ringer.join();
  REQUIRE_EQ(ready.size(), 1);
  CHECK_EQ(ready[0].watch, EpollSet::kBell);
  look(*set, 8);
  CHECK_EQ(look(*set, 8).size(), 0);
  CHECK(!readable(*set));
}

TEST(epoll_set_tells_hang_up_whatever_is_asked_for) {
  const auto set = opened();
  Pair pair = connected();
  REQUIRE(set->add(pair.near.get(), 1, 0).ok());
  CHECK_EQ(look(*set, 8).size(), 0);
  pair.far.reset();
  const auto ready = look(*set, 8, kLongMs);
  REQUIRE_EQ(ready.size(), 1);
  CHECK((ready[0].events & POLLHUP) != 0);
}

TEST(epoll_set_refuses_what_epoll_refuses) {
  const auto set = opened();
  const Pair pair = connected();
  REQUIRE(set->add(pair.near.get(), 1, POLLIN).ok());
  CHECK_EQ(set->add(pair.near.get(), 2, POLLIN).failure().code, EEXIST);
  CHECK_EQ(set->add(set->fd(), 3, POLLIN).failure().code, EINVAL);
  CHECK_EQ(set->add(-1, 3, POLLIN).failure().code, EBADF);
  CHECK_EQ(set->modify(pair.far.get(), 3, POLLIN).failure().code, ENOENT);
}

TEST(epoll_set_forgets_a_descriptor_that_was_closed) {
  const auto set = opened();
  Pair pair = connected();
  const int number = pair.near.get();
  REQUIRE(set->add(number, 1, POLLIN).ok());
  pair.send();
  pair.near.reset();
  CHECK_EQ(look(*set, 8).size(), 0);
  CHECK(!set->modify(number, 1, POLLIN).ok());
  set->remove(number);
  // The number is another file's: that one is not touched by what is left of the first.
  const Pair other = connected();
  REQUIRE_EQ(other.near.get(), number);
  CHECK(!set->modify(number, 1, POLLIN).ok());
  REQUIRE(set->add(number, 2, POLLIN).ok());
  other.send();
  const auto ready = look(*set, 8);
  REQUIRE_EQ(ready.size(), 1);
  CHECK_EQ(ready[0].watch, 2);
}

TEST(a_loop_is_stopped_by_number_from_another_thread_while_it_waits) {
  const auto set = opened();
  const uint64_t number = publish(*set);
  CHECK(!set->take_stop());
  std::thread stopper([&] { CHECK(stop(number)); });
  const auto ready = look(*set, 8, kLongMs);
  stopper.join();
  REQUIRE_EQ(ready.size(), 1);
  CHECK_EQ(ready[0].watch, EpollSet::kBell);
  CHECK(set->take_stop());
  CHECK(!set->take_stop());
  withdraw(number);
  CHECK(!stop(number));
}

TEST(a_loops_number_is_never_used_twice_and_is_unknown_when_the_loop_is_gone) {
  uint64_t last = 0;
  for (int round = 0; round < 100; ++round) {
    const auto set = opened();
    const uint64_t number = publish(*set);
    CHECK(number > last);
    CHECK(stop(number));
    withdraw(number);
    CHECK(!stop(number));
    CHECK(!stop(last));
    last = number;
  }
  CHECK(!stop(0));
  CHECK(!stop(UINT64_MAX));
}

TEST(loops_come_and_go_while_other_threads_stop_every_number) {
  std::atomic<bool> over = false;
  std::atomic<uint64_t> newest = 1;
  std::array<std::thread, 3> stoppers;
  for (std::thread& stopper : stoppers) {
    stopper = std::thread([&] {
      while (!over.load()) {
        const uint64_t base = newest.load();
        for (uint64_t number = base; number < base + 4; ++number) static_cast<void>(stop(number));
      }
    });
  }
  for (int round = 0; round < 2000; ++round) {
    const auto set = opened();
    const uint64_t number = publish(*set);
    newest.store(number);
    if (round % 50 == 0) {
      while (!set->take_stop()) look(*set, 8, kLongMs);
    }
    withdraw(number);
  }
  over.store(true);
  for (std::thread& stopper : stoppers) stopper.join();
}

}  // namespace
}  // namespace coroipc::epoll
