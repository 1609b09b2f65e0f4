// Waiting awake. A spin pays when the peer answers within a few microseconds on another CPU, and
// only costs when it does not; so whether to spin, and how long, is learned from the spins before
// (spin_plan.h). Where both sides have but one and the same CPU, who waits leaves it to the other
// between two looks, and gets it back when that one waits: what two sleeps would cost is saved
// there, too. cpus.h knows which of the two it is; where there are more CPUs the kernel may still
// have put both sides on one, which is learned, too.
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

  // Whether the next wait looks at all before it leaves the CPU to others.
  [[nodiscard]] bool spins() const { return !yields_ && !shares_ && plan_.any(); }

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
    const bool gives_way = !way_.forbidden() || !way_.forbidden(clock_ns());
    if (yields_ && !gives_way) return false;
    const int64_t allowed_ns = plan_.allowance_ns();
    if (allowed_ns == 0) return false;
    if (shares_ && gives_way && to_be_placed_anew()) return false;
    if (yields_ || (shares_ && gives_way)) return yield(ready, clock_ns, allowed_ns);
    if (looks(ready)) {
      plan_.succeeded(0);
      return true;
    }
    return spin(ready, clock_ns, clock_ns(), allowed_ns, gives_way);
  }

 private:
  static constexpr double kMostUs = 1e9;
  // The longest that a peer has the CPU for at a time, serving one request.
  static constexpr int64_t kHeldUpNs = 300'000;
  // A peer that is awake on another CPU has mostly answered by then.
  static constexpr int64_t kAloneNs = 3'000;
  static constexpr uint32_t kFirstTogether = 64;
  static constexpr uint32_t kMostTogether = 4096;
  // Less than another process's having the CPU takes; more than to find that none wants it.
  static constexpr int64_t kSwitchNs = 1'000;

  // Leaves the CPU to others before each look. One who does not give it back soon is not the peer:
  // who sleeps gets the CPU sooner then than who yields, whatever is there by now.
  template <class Ready, class Clock>
  [[nodiscard]] bool yield(Ready& ready, Clock& clock_ns, int64_t allowed_ns) {
    const int64_t began_ns = clock_ns();
    for (int64_t before_ns = began_ns;;) {
      sched_yield();
      const bool there = ready();
      const int64_t now_ns = clock_ns();
      found(now_ns - before_ns);
      if (now_ns - before_ns > kHeldUpNs) {
        way_.was_long(now_ns, now_ns - before_ns);
        return there;
      }
      if (there) {
        way_.went_well();
        plan_.succeeded(now_ns - began_ns);
        return true;
      }
      if (now_ns - began_ns >= allowed_ns) {
        plan_.failed();
        return false;
      }
      if (!yields_ && !shares_) return spin(ready, clock_ns, began_ns, allowed_ns, true);
      before_ns = now_ns;
    }
  }

  // The kernel may have put the other side on this very CPU, where it can only run while we do not.
  // So a spin that has lasted gives way now and then, unless somebody else used it; and where the
  // other side did, the next wait begins with that.
  template <class Ready, class Clock>
  [[nodiscard]] bool spin(Ready& ready, Clock& clock_ns, int64_t began_ns, int64_t allowed_ns,
                          bool gives_way) {
    for (int64_t spent_ns = 0, next_way_ns = kAloneNs;;) {
      if (looks(ready)) {
        plan_.succeeded(spent_ns);
        return true;
      }
      spent_ns = clock_ns() - began_ns;
      if (spent_ns >= allowed_ns) {
        plan_.failed();
        return false;
      }
      if (!gives_way || spent_ns < next_way_ns) continue;
      sched_yield();
      const bool there = ready();
      const int64_t back_ns = clock_ns() - began_ns;
      if (back_ns - spent_ns > kHeldUpNs) {
        way_.was_long(began_ns + back_ns, back_ns - spent_ns);
        gives_way = false;
      }
      if (there) {
        way_.went_well();
        found(back_ns - spent_ns);
        plan_.succeeded(back_ns);
        return true;
      }
      next_way_ns = back_ns + kAloneNs;
    }
  }

  // The other side had the CPU meanwhile, if anybody had.
  void found(int64_t away_ns) {
    shares_ = !yields_ && away_ns >= kSwitchNs;
    if (shares_) return;
    together_ = 0;
    most_together_ = kFirstTogether;
  }
  // Two that give way to each other may stay together for long, while another CPU is idle: it is
  // when somebody is woken up that the kernel looks for one. So now and then one of them sleeps
  // instead.
  [[nodiscard]] bool to_be_placed_anew() {
    if (++together_ < most_together_) return false;
    together_ = 0;
    most_together_ = std::min(most_together_ * 2, kMostTogether);
    return true;
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
  bool shares_ = false;    // the other side ran when this one left the CPU to others
  uint32_t together_ = 0;  // waits on one CPU, since one of them slept
  uint32_t most_together_ = kFirstTogether;
  SpinPlan plan_;
  GivingWay way_;
};

}  // namespace coroipc::sys
