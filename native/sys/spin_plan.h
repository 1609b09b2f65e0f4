// How long to spin: decided from how the spins before went. It knows no clock; spin.h times.
//
// A spin that succeeds saves a sleep and a wake-up, 5 to 50 microseconds of each side's; one that
// fails costs its length on top of them. So a spin may last as long as those, since a peer that was
// held up for a moment, by its loop or by its garbage, is then still found awake; longer ones may
// last a few times what the longest of the recent good ones took, and a waiter that spun in vain
// too often sleeps at once. Peers change, so now and then a spin is tried all the same, with the
// whole budget, and rarer the longer none has paid.
#pragma once

#include <algorithm>
#include <cstdint>

namespace coroipc::sys {

class SpinPlan {
 public:
  // No spin is longer than `budget_ns`; with 0 there is none.
  explicit SpinPlan(int64_t budget_ns)
      : budget_ns_(budget_ns), usual_ns_(budget_ns), trust_(budget_ns > 0 ? kFullTrust : 0) {}

  // Whether there are spins at all.
  [[nodiscard]] bool any() const { return budget_ns_ > 0; }

  // How long the wait that begins now may spin; 0 when it had better sleep.
  [[nodiscard]] int64_t allowance_ns() {
    if (trust_ > 0) return std::min(budget_ns_, std::max(kLeastNs, usual_ns_ * kMargin));
    if (budget_ns_ == 0 || ++skipped_ < pause_) return 0;
    skipped_ = 0;
    return budget_ns_;
  }

  // The spin that was allowed last ended with what was waited for, after `took_ns`. Longer ones
  // count at once, and fade: a spin too short is worth nothing, one too long little.
  void succeeded(int64_t took_ns) {
    usual_ns_ = std::max(took_ns, usual_ns_ - usual_ns_ / kFade);
    trust_ = std::min(trust_ + 1, kFullTrust);
    pause_ = kLeastPause;
  }

  // It ended in vain. The next looks further: the peer may just have become slower.
  void failed() {
    usual_ns_ = std::min(budget_ns_, std::max(kLeastNs, usual_ns_ * 2));
    if (trust_ == 0) pause_ = std::max(pause_, std::min(pause_ * 2, kMostPause));
    trust_ = std::max(trust_ - 1, 0);
  }

 private:
  // What two sleeps and wake-ups cost.
  static constexpr int64_t kLeastNs = 50'000;
  static constexpr int64_t kMargin = 4;
  static constexpr int64_t kFade = 8;
  static constexpr int kFullTrust = 8;
  // Waits from one try to the next while spinning does not pay.
  static constexpr uint32_t kLeastPause = 8;
  static constexpr uint32_t kMostPause = 128;

  int64_t budget_ns_;
  int64_t usual_ns_;
  int trust_;
  uint32_t pause_ = kLeastPause;
  uint32_t skipped_ = 0;
};

// Whether to leave the CPU to others for a moment. When one of them kept it for long, not for four
// times as long again, nor for twice as long as the last time, until it has gone well for a while:
// so however busy others are, they take a fifth of the time at the most, and soon much less.
class GivingWay {
 public:
  [[nodiscard]] bool forbidden() const { return until_ns_ != 0; }
  // Looks whether the time is over.
  [[nodiscard]] bool forbidden(int64_t now_ns) {
    if (now_ns >= until_ns_) until_ns_ = 0;
    return forbidden();
  }

  void went_well() {
    if (well_ < kWell && ++well_ == kWell) times_ = kTimes;
  }
  void was_long(int64_t now_ns, int64_t took_ns) {
    well_ = 0;
    until_ns_ = now_ns + std::min(took_ns * times_, kLongestNs);
    times_ = std::min(times_ * 2, kMostTimes);
  }

 private:
  static constexpr int64_t kTimes = 4;
  static constexpr int64_t kMostTimes = 1024;
  static constexpr int64_t kLongestNs = 100'000'000;
  static constexpr int kWell = 8;

  int64_t until_ns_ = 0;
  int64_t times_ = kTimes;
  int well_ = 0;
};

}  // namespace coroipc::sys
