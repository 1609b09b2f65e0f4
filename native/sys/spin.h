// Waiting awake. A spin pays when the peer answers within a few microseconds on another CPU, and
// only costs when it does not; so whether to spin, and how long, is learned from the spins before
// (spin_plan.h). Where both sides have but one and the same CPU, who waits leaves it to the other
// between two looks, and gets it back when that one waits: what two sleeps would cost is saved
// there, too. cpus.h knows which of the two it is.
#pragma once

#include <sched.h>

#include <algorithm>
#include <cstdint>

#include "sys/clock.h"
#include "sys/cpus.h"
#include "sys/spin_plan.h"

namespace coroipc::sys {

inline void cpu_relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// One waiter's experience. Owned and used by one thread.
class Spinner {
 public:
  // `budget_us` is the longest spin; 0 is never, as is all of it for who sleeps.
  explicit Spinner(double budget_us, Waiting waiting = own_waiting())
      : yields_(waiting == Waiting::kYields),
        plan_(waiting != Waiting::kSleeps && budget_us > 0
                  ? static_cast<int64_t>(std::min(budget_us, kMostUs) * 1000)
                  : 0) {}

  // Whether it ever waits awake without leaving the CPU to others.
  [[nodiscard]] bool spins() const { return !yields_ && plan_.any(); }

  // Runs `ready` until it says true or a spin does not pay any longer; says what it said last.
  template <class Ready>
  [[nodiscard]] bool wait(Ready&& ready) {
    return wait(ready, now_ns);
  }

  // The same by another clock. It is not read before the first looks, nor once `ready` said true:
  // only in between, where there is nothing else to do.
  template <class Ready, class Clock>
  [[nodiscard]] bool wait(Ready&& ready, Clock&& clock_ns) {
    if (ready()) return true;
    const int64_t allowed_ns = plan_.allowance_ns();
    if (allowed_ns == 0) return false;
    if (yields_) return yield(ready, clock_ns, allowed_ns);
    int64_t spent_ns = 0;
    if (!looks(ready)) {
      const int64_t began_ns = clock_ns();
      while (!looks(ready)) {
        spent_ns = clock_ns() - began_ns;
        if (spent_ns < allowed_ns) continue;
        plan_.failed();
        return false;
      }
    }
    plan_.succeeded(spent_ns);
    return true;
  }

 private:
  static constexpr double kMostUs = 1e9;
  // The longest that a peer has the CPU for at a time, serving one request.
  static constexpr int64_t kHeldUpNs = 300'000;

  // Leaves the CPU to others before each look. One who does not give it back soon is not the peer:
  // who sleeps gets the CPU sooner then than who yields, whatever is there by now.
  template <class Ready, class Clock>
  [[nodiscard]] bool yield(Ready& ready, Clock& clock_ns, int64_t allowed_ns) {
    const int64_t began_ns = clock_ns();
    for (int64_t before_ns = began_ns;;) {
      sched_yield();
      const bool there = ready();
      const int64_t now_ns = clock_ns();
      if (now_ns - before_ns > kHeldUpNs) {
        plan_.held_up();
        return there;
      }
      if (there) {
        plan_.succeeded(now_ns - began_ns);
        return true;
      }
      if (now_ns - began_ns >= allowed_ns) {
        plan_.failed();
        return false;
      }
      before_ns = now_ns;
    }
  }

  // A few looks, which together take about ten times as long as a look at the clock.
  template <class Ready>
  [[nodiscard]] static bool looks(Ready& ready) {
    for (int i = 0; i < 8; ++i) {
      cpu_relax();
      if (ready()) return true;
    }
    return false;
  }

  bool yields_;
  SpinPlan plan_;
};

}  // namespace coroipc::sys
