#include "sys/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "sys/clock.h"

namespace coroipc::sys {

namespace {

// Named here because kernel headers older than 5.16 lack them.
constexpr long kFutexWaitvCall = 449;
constexpr uint32_t kFutexSize32 = 2;

struct WaitvEntry {
  uint64_t expected;
  uint64_t address;
  uint32_t flags;
  uint32_t reserved;
};

}  // namespace

void futex_wait(const uint32_t* word, uint32_t expected, int64_t timeout_ns) {
  const timespec timeout = timespec_of(timeout_ns);
  syscall(SYS_futex, word, FUTEX_WAIT, expected, timeout_ns == kNever ? nullptr : &timeout, nullptr,
          0);
}

void futex_wake(const uint32_t* word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

bool futex_wait_any(std::span<const FutexWait> waits) {
  std::array<WaitvEntry, kMaxFutexWaits> entries;
  const size_t count = std::min(waits.size(), entries.size());
  for (size_t i = 0; i < count; ++i)
    entries[i] = {waits[i].expected, reinterpret_cast<uintptr_t>(waits[i].word), kFutexSize32, 0};
  const long woken = syscall(kFutexWaitvCall, entries.data(), count, 0, nullptr, CLOCK_MONOTONIC);
  return woken >= 0 || errno == EAGAIN || errno == EINTR || errno == ETIMEDOUT;
}

}  // namespace coroipc::sys
