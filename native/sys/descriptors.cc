#include "sys/descriptors.h"

#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "sys/clock.h"

namespace coroipc::sys {

Result<Bell> Bell::make() {
  Fd fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.open()) return system_failure("eventfd");
  return Bell(std::move(fd));
}

void Bell::ring() const {
  const uint64_t one = 1;
  // It can fail only when the counter is full, and then the bell is ringing already.
  [[maybe_unused]] const ssize_t written = write(fd_.get(), &one, sizeof one);
}

void Bell::silence() const {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(fd_.get(), &count, sizeof count);
}

Result<Timer> Timer::make() {
  Fd fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!fd.open()) return system_failure("timerfd_create");
  return Timer(std::move(fd));
}

void Timer::set(int64_t deadline_ns, int64_t every_ns) {
  itimerspec when{};
  // Zero would stop the timer, so a deadline in the past is one nanosecond.
  if (deadline_ns != kNever) when.it_value = timespec_of(std::max<int64_t>(deadline_ns, 1));
  if (deadline_ns != kNever) when.it_interval = timespec_of(every_ns);
  timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

uint64_t Timer::take() const {
  uint64_t passed = 0;
  return read(fd_.get(), &passed, sizeof passed) == sizeof passed ? passed : 0;
}

}  // namespace coroipc::sys
