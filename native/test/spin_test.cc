#include "sys/spin.h"

#include <sched.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "sys/step_back.h"
#include "test/test.h"

namespace coroipc::sys {
namespace {

constexpr int64_t kBudgetNs = 50'000;
constexpr int64_t kLookNs = 25;

// One waiter on a time of its own, in which a look takes 25 ns and nothing else takes any.
class Waiter {
 public:
  explicit Waiter(double budget_us = kBudgetNs / 1000.0) : spinner_(budget_us, Waiting::kSpins) {}

  // A wait for what happens `after_ns` from its beginning; whether the spin saw it.
  bool wait(int64_t after_ns) {
    const int64_t began = now_;
    reads_ = 0;
    const bool seen = spinner_.wait(
        [&] {
          if (now_ - began >= after_ns) return true;
          now_ += kLookNs;
          return false;
        },
        [&] {
          ++reads_;
          return now_;
        });
    spent_ = now_ - began;
    return seen;
  }
  bool waits(int count, int64_t after_ns) {
    bool all = true;
    for (int i = 0; i < count; ++i) all = wait(after_ns) && all;
    return all;
  }
  [[nodiscard]] int64_t spent() const { return spent_; }
  [[nodiscard]] int reads() const { return reads_; }
  [[nodiscard]] bool spun() const { return spent_ > kLookNs; }

 private:
  Spinner spinner_;
  int64_t now_ = 1'000'000;
  int64_t spent_ = 0;
  int reads_ = 0;
};

constexpr int64_t kNeverNs = 1'000'000'000;

TEST(spin_reads_no_clock_for_what_is_there_or_comes_at_once) {
  Waiter waiter;
  CHECK(waiter.wait(0));
  CHECK_EQ(waiter.reads(), 0);
  CHECK(waiter.wait(kLookNs * 4));
  CHECK_EQ(waiter.reads(), 0);
  CHECK(waiter.wait(kLookNs * 12));
  CHECK_EQ(waiter.reads(), 1);
}

TEST(spin_lasts_no_longer_than_its_budget) {
  Waiter waiter;
  for (int i = 0; i < 300; ++i) {
    CHECK(!waiter.wait(kNeverNs));
    CHECK(waiter.spent() <= kBudgetNs + kLookNs * 20);
  }
  CHECK(waiter.waits(20, 0));
}

TEST(spin_never_spins_without_a_budget_or_the_time_of_a_cpu) {
  for (const double none : {0.0, -1.0, std::nan("")}) {
    Waiter waiter(none);
    for (int i = 0; i < 300; ++i) CHECK(!waiter.wait(kLookNs * 2));
    CHECK(!waiter.spun());
    CHECK(waiter.wait(0));
  }
  Spinner alone(50, Waiting::kSleeps);
  int looks = 0;
  CHECK(!alone.wait([&] { return ++looks > 1; }));
  CHECK_EQ(looks, 1);
}

// Two threads on one CPU, who wait for each other so many times; how often they looked. `clock_ns`
// is what their spins see of the time, so that it does not matter what else the CPU has to do.
template <class Clock>
int64_t looks_of_two_on_one_cpu(int turns, Waiting waiting, Clock clock_ns) {
  cpu_set_t before;
  CHECK_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  CHECK_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  std::atomic<int> turn = 0;
  std::atomic<int64_t> looks = 0;
  std::atomic<int> sleeps = 0;
  const auto play = [&](int first) {
    Spinner spinner(1e6, waiting);
    const auto mine = [&](int i) {
      ++looks;
      return turn == i;
    };
    for (int i = first; i < turns; i += 2) {
      // Who is to sleep, so that the kernel places him anew, leaves the CPU here, too.
      while (!spinner.wait([&] { return mine(i); }, clock_ns)) {
        ++sleeps;
        sched_yield();
      }
      turn = i + 1;
    }
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  CHECK_EQ(turn, turns);
  // Where there is but one CPU, nobody is ever to be placed anew.
  CHECK(sleeps <= (waiting == Waiting::kYields ? 0 : turns / 20));
  CHECK_EQ(sched_setaffinity(0, sizeof before, &before), 0);
  return looks;
}

// The other side has this CPU, too: it can only run while we do not. Who kept it between two looks
// would look for as long as the kernel lets him, which is for milliseconds.
TEST(spin_leaves_the_only_cpu_to_the_other_side_between_two_looks) {
  constexpr int kTurns = 1000;
  const auto standing = [] { return int64_t{0}; };
  CHECK(looks_of_two_on_one_cpu(kTurns, Waiting::kYields, standing) < kTurns * 1000);
}

// There are several CPUs, but the kernel may put both sides on one.
TEST(spin_that_lasts_gives_way_to_whoever_shares_its_cpu) {
  constexpr int kTurns = 1000;
  std::atomic<int64_t> now = 0;
  const auto clock_ns = [&] { return now += 100; };
  CHECK(looks_of_two_on_one_cpu(kTurns, Waiting::kSpins, clock_ns) < kTurns * 1000);
}

TEST(spin_gives_no_way_for_a_while_once_somebody_kept_the_cpu) {
  Spinner spinner(1e3, Waiting::kSpins);
  int64_t now = 0;
  int64_t looks = 0;
  int64_t looks_before = 0;
  int64_t ways = 0;
  // A spin looks once after it gave way, which took a millisecond, and else eight times.
  const auto clock_ns = [&] {
    const bool gave_way = looks - looks_before == 1;
    looks_before = looks;
    if (gave_way) ++ways;
    return now += gave_way ? 1'000'000 : 400;
  };
  for (int i = 0; i < 20'000; ++i) {
    const int64_t first = looks;
    (void)spinner.wait([&] { return ++looks - first > 200; }, clock_ns);
  }
  CHECK(ways > 3);
  CHECK(ways * 1'000'000 < now / 4);
}

TEST(spin_sleeps_where_somebody_else_keeps_the_only_cpu) {
  Spinner spinner(1e6, Waiting::kYields);
  int64_t now = 0;
  int reads = 0;
  // Each yield takes a millisecond, after which what is waited for is there.
  const auto wait = [&] {
    int looks = 0;
    reads = 0;
    return spinner.wait([&] { return ++looks > 1; },
                        [&] {
                          ++reads;
                          return now += 1'000'000;
                        });
  };
  CHECK(wait());
  CHECK(reads > 0);
  int yielded = 0;
  for (int i = 0; i < 20'000; ++i) {
    (void)wait();
    if (reads > 1) ++yielded;
  }
  CHECK(yielded > 0);
  CHECK(yielded < 20'000 / 40);
}

TEST(spin_takes_any_budget_for_a_number) {
  Waiter waiter(std::numeric_limits<double>::infinity());
  CHECK(waiter.wait(1'000'000));
}

TEST(spin_outlasts_two_sleeps_and_learns_to_outlast_longer_waits) {
  // However short the waits are: what is held up for once is waited for.
  Waiter waiter;
  CHECK(waiter.waits(60, 500));
  CHECK(waiter.wait(40'000));
  Waiter patient(2000);
  CHECK(patient.waits(60, 30'000));
  CHECK(!patient.wait(kNeverNs));
  CHECK(patient.spent() >= 30'000 * 2);
  CHECK(patient.spent() < 30'000 * 6);
  // Something that takes a few times as long is still seen once the spins have grown to it.
  int vain = 0;
  while (vain < 100 && !patient.wait(400'000)) ++vain;
  CHECK(vain < 5);
  CHECK(patient.waits(60, 400'000));
}

TEST(spin_stops_when_it_is_in_vain_and_tries_again_now_and_then) {
  Waiter waiter;
  CHECK(waiter.waits(60, 1'000));
  int spins = 0;
  for (int i = 0; i < 1000; ++i) {
    CHECK(!waiter.wait(kNeverNs));
    if (waiter.spun()) ++spins;
  }
  CHECK(spins > 10);
  CHECK(spins < 30);
  // The peer is fast again: it is noticed, and from then on every wait is awake.
  int until = 0;
  while (until < 1000 && !waiter.wait(1'000)) ++until;
  CHECK(until < 200);
  CHECK(waiter.waits(60, 1'000));
}

TEST(spin_goes_on_when_it_often_pays) {
  Waiter waiter;
  int seen = 0;
  for (int i = 0; i < 1000; ++i) {
    if (i % 3 == 0) {
      CHECK(!waiter.wait(kNeverNs));
    } else if (waiter.wait(1'000)) {
      ++seen;
    }
  }
  CHECK(seen > 600);
}

TEST(step_back_waits_for_a_moment_after_the_end_of_a_stream_and_nowhere_else) {
  int64_t now = 0;
  StepBack distance;
  const auto clock = [&] { return now += kLookNs; };
  const auto waited_after = [&](uint32_t found, int64_t meanwhile_ns = 0) {
    distance.found(found);
    distance.found_none(clock);
    now += meanwhile_ns;
    const int64_t began = now;
    distance.wait(clock);
    return now - began;
  };
  constexpr int64_t kMoment = StepBack::kMomentNs;
  CHECK_EQ(waited_after(0), 0);
  CHECK_EQ(waited_after(3), 0);
  CHECK_EQ(waited_after(4), kMoment);
  // What was found before the last end does not count.
  CHECK_EQ(waited_after(2), 0);
  CHECK_EQ(waited_after(2), 0);
  CHECK_EQ(waited_after(1000), kMoment);
  // What was done meanwhile does.
  CHECK_EQ(waited_after(10, kMoment - 10 * kLookNs), 10 * kLookNs);
  CHECK_EQ(waited_after(10, kMoment), kLookNs);
  // Once; and not while records are there.
  const int64_t before = now;
  distance.wait(clock);
  distance.found(10);
  distance.wait(clock);
  CHECK_EQ(now, before);
}

TEST(spin_by_the_real_clock_ends) {
  Spinner spinner(20, Waiting::kSpins);
  CHECK(!spinner.wait([] { return false; }));
  CHECK(spinner.wait([] { return true; }));
  int looks = 0;
  CHECK(spinner.wait([&] { return ++looks > 3; }));
}

}  // namespace
}  // namespace coroipc::sys
