#include "sys/semaphore.h"

#include <atomic>
#include <cstring>
#include <limits>

#include "sys/futex.h"

namespace coroipc::sys {

namespace {

// One 64-bit word: the value in its low half, the number of sleepers in its high half. Then the
// flag that tells glibc whether to wake across processes.
constexpr uint64_t kOneWaiter = uint64_t{1} << 32;
constexpr uint32_t kValueLimit = std::numeric_limits<int32_t>::max();
constexpr uint32_t kPshared = 0x80;
constexpr size_t kPrivateFlagAt = 8;
// How often a compare-exchange may lose. Honest peers make it lose a few times; one that flips
// the word without end must not hold us.
constexpr int kTries = 1000;

uint32_t value_of(uint64_t data) { return static_cast<uint32_t>(data); }
uint32_t waiters_of(uint64_t data) { return static_cast<uint32_t>(data >> 32); }

}  // namespace

uint64_t* Semaphore::data() const { return reinterpret_cast<uint64_t*>(raw_); }

const uint32_t* Semaphore::word() const { return reinterpret_cast<const uint32_t*>(raw_); }

uint32_t Semaphore::value() const {
  return value_of(std::atomic_ref(*data()).load(std::memory_order_acquire));
}

void Semaphore::init() {
  std::memset(raw_, 0, sizeof raw_);
  std::memcpy(raw_ + kPrivateFlagAt, &kPshared, sizeof kPshared);
}

void Semaphore::post() {
  std::atomic_ref data_word(*data());
  uint64_t before = data_word.load(std::memory_order_relaxed);
  // A full value must not carry into the count of sleepers; its owner has been woken long ago.
  if (value_of(before) < kValueLimit) before = data_word.fetch_add(1, std::memory_order_seq_cst);
  if (waiters_of(before) != 0) futex_wake(word(), 1);
}

bool Semaphore::try_take() {
  std::atomic_ref data_word(*data());
  uint64_t seen = data_word.load(std::memory_order_acquire);
  for (int tries = 0; tries < kTries && value_of(seen) != 0; ++tries)
    if (data_word.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel)) return true;
  return false;
}

uint32_t Semaphore::take_all() {
  std::atomic_ref data_word(*data());
  uint64_t seen = data_word.load(std::memory_order_acquire);
  for (int tries = 0; tries < kTries && value_of(seen) != 0; ++tries)
    if (data_word.compare_exchange_weak(seen, seen - value_of(seen), std::memory_order_acq_rel))
      return value_of(seen);
  return 0;
}

void Semaphore::wait(int64_t timeout_ns) {
  add_waiter();
  if (value() == 0) futex_wait(word(), 0, timeout_ns);
  remove_waiter();
}

void Semaphore::add_waiter() {
  std::atomic_ref(*data()).fetch_add(kOneWaiter, std::memory_order_seq_cst);
}

void Semaphore::remove_waiter() {
  std::atomic_ref(*data()).fetch_sub(kOneWaiter, std::memory_order_seq_cst);
}

}  // namespace coroipc::sys
