// The two processes of a measurement: each on its CPU, and what they use of it.
#pragma once

#include <sched.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

namespace bench {

// A number below 0 leaves it to the kernel.
[[nodiscard]] inline bool pin(int cpu) {
  if (cpu < 0) return true;
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(static_cast<size_t>(cpu), &only);
  return sched_setaffinity(0, sizeof only, &only) == 0;
}

// Whether this process may run on a single CPU only, so that nobody else moves while it is awake.
[[nodiscard]] inline bool on_one_cpu() {
  cpu_set_t allowed;
  return sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) == 1;
}

// Without this, every sleep is up to 50 us longer than was asked for.
inline void sleep_exactly() { prctl(PR_SET_TIMERSLACK, 1UL); }

// Time, and the CPU time of both sides, since it was begun.
class Meter {
 public:
  [[nodiscard]] bool watch(pid_t server) { return clock_getcpuclockid(server, &server_) == 0; }

  void begin() {
    cpu_ns_ = cpu_ns();
    start_ns_ = now_ns();
  }

  void end() {
    took_ns_ = now_ns() - start_ns_;
    cpu_ns_ = cpu_ns() - cpu_ns_;
  }

  [[nodiscard]] double per_second(double count) const {
    return count * 1e9 / static_cast<double>(took_ns_);
  }

  [[nodiscard]] double cpu_ns_per(double count) const {
    return static_cast<double>(cpu_ns_) / count;
  }

 private:
  [[nodiscard]] int64_t cpu_ns() const {
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID) + clock_ns(server_);
  }

  clockid_t server_{};
  int64_t start_ns_ = 0;
  int64_t took_ns_ = 0;
  int64_t cpu_ns_ = 0;
};

}  // namespace bench
