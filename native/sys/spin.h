// Waiting awake. A spin pays when the peer answers within a few microseconds on another CPU, and
// only costs when it does not; so whether to spin is learned from the spins before.
#pragma once

#include <cstdint>

#include "sys/clock.h"

namespace coroipc::sys {

inline void cpu_relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Whether this process may run on more than one CPU; on one, a spin only delays the peer.
[[nodiscard]] bool several_cpus();

// One waiter's experience. Owned and used by one thread.
class Spinner {
 public:
  // `budget_us` is the longest spin; 0 is never.
  explicit Spinner(double budget_us)
      : budget_ns_(several_cpus() ? static_cast<int64_t>(budget_us * 1000) : 0) {}

  // Runs `ready` until it says true or the budget is spent; says what it said last.
  template <class Ready>
  [[nodiscard]] bool wait(Ready&& ready) {
    if (ready()) return true;
    if (budget_ns_ == 0) return false;
    // After many vain spins only every eighth is tried, to notice when they pay again.
    if (trust_ == 0 && (++skipped_ % 8) != 0) return false;
    const int64_t end = now_ns() + budget_ns_;
    do {
      for (int i = 0; i < 32; ++i) {
        if (ready()) {
          if (trust_ < kFullTrust) ++trust_;
          return true;
        }
        cpu_relax();
      }
    } while (now_ns() < end);
    if (trust_ > 0) --trust_;
    return false;
  }

 private:
  static constexpr int kFullTrust = 8;
  int64_t budget_ns_;
  int trust_ = kFullTrust;
  uint32_t skipped_ = 0;
};

}  // namespace coroipc::sys
