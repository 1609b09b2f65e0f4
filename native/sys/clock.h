// Monotonic time in nanoseconds, and deadlines made of it.
#pragma once

#include <cstdint>
#include <ctime>
#include <limits>

namespace coroipc::sys {

[[nodiscard]] inline int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// The deadline `timeout_ms` from now; a negative time is never.
[[nodiscard]] inline int64_t deadline_after_ms(double timeout_ms) {
  if (timeout_ms < 0 || timeout_ms > 9e12) return kNever;
  return now_ns() + static_cast<int64_t>(timeout_ms * 1e6);
}

[[nodiscard]] inline timespec timespec_of(int64_t ns) {
  return {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

}  // namespace coroipc::sys
