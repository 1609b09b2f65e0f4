// Calls that are due at moments set before. A time runs from the moment at which the call was due,
// whenever it was made, so that it holds all that a caller would have waited for.
#pragma once

#include <algorithm>

#include "clock.h"
#include "histogram.h"

namespace bench {

// While nothing is awaited the caller sleeps until shortly before the next call is due, and then
// stays awake: how long a timer takes to wake somebody is not what is measured.
inline constexpr int64_t kLeewayNs = 150'000;

class Schedule {
 public:
  Schedule(int64_t rate, int64_t limit_ns)
      : rate_(rate),
        count_(std::max<int64_t>(1, rate * limit_ns / 1'000'000'000)),
        start_ns_(now_ns()),
        end_ns_(start_ns_ + 2 * limit_ns) {}

  [[nodiscard]] int64_t count() const { return count_; }
  [[nodiscard]] int64_t due_ns(int64_t index) const {
    return start_ns_ + (index + 1) * 1'000'000'000 / rate_;
  }
  // How many are due by then.
  [[nodiscard]] int64_t ready(int64_t now) const {
    const double passed = static_cast<double>(now - start_ns_) * static_cast<double>(rate_) / 1e9;
    return std::min(count_, static_cast<int64_t>(passed));
  }
  // After twice the time no more answers are waited for.
  [[nodiscard]] bool over(int64_t now) const { return now >= end_ns_; }

  void wait_for(int64_t index) const {
    const int64_t due = due_ns(index);
    if (due - now_ns() > kLeewayNs) sleep_until(due - kLeewayNs);
    stay_awake_until(due);
  }

  // Those that have no answer count with the time that they have waited.
  void record_the_rest(int64_t answered, Histogram& times) const {
    const int64_t now = now_ns();
    for (int64_t index = answered; index < count_; ++index) times.record(now - due_ns(index));
  }

 private:
  int64_t rate_;
  int64_t count_;
  int64_t start_ns_;
  int64_t end_ns_;
};

}  // namespace bench
