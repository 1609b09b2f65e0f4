// Time, and how a program waits for it: looks at a clock, sleeps, or stays awake.
#pragma once

#include <time.h>

#include <cstdint>

namespace bench {

inline int64_t clock_ns(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

inline int64_t now_ns() { return clock_ns(CLOCK_MONOTONIC); }

inline void sleep_until(int64_t moment_ns) {
  const timespec moment{static_cast<time_t>(moment_ns / 1'000'000'000),
                        static_cast<long>(moment_ns % 1'000'000'000)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, nullptr) != 0) {
  }
}

// What a loop that looks again and again does in between.
inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

inline void stay_awake_until(int64_t moment_ns) {
  while (now_ns() < moment_ns) relax();
}

}  // namespace bench
