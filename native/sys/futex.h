// futex(2) and futex_waitv(2) on words that other processes share. None of them reports an
// unexpected state as fatal: whatever a peer wrote, a wait merely ends and the caller looks again.
#pragma once

#include <cstdint>
#include <span>

namespace coroipc::sys {

// Sleeps while `*word == expected`, at most `timeout_ns`. May return early at any time.
void futex_wait(const uint32_t* word, uint32_t expected, int64_t timeout_ns);

// Wakes up to `count` sleepers.
void futex_wake(const uint32_t* word, int count);

struct FutexWait {
  const uint32_t* word;
  uint32_t expected;
};

inline constexpr size_t kMaxFutexWaits = 128;

// Sleeps until one of the words is woken or differs from what is expected; may return early.
// False: the kernel cannot (before 5.16, or a sandbox forbids it).
[[nodiscard]] bool futex_wait_any(std::span<const FutexWait> waits);

}  // namespace coroipc::sys
