// A semaphore in shared memory with the layout and the waiting rules of glibc's sem_t (2.21 and
// later, 64 bit), so that a C peer may use sem_post and sem_wait on the other end. All its words
// can be written by the peer at any time: nothing read from them is trusted, and no garbage in
// them makes any of these functions fail, loop for ever, or touch other memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coroipc::sys {

class Semaphore {
 public:
  static constexpr size_t kBytes = 32;  // sizeof(sem_t); 12 of them are used

  // Makes a process-shared semaphore of value 0 in memory that no one uses yet.
  void init();
  // sem_post: adds one, and wakes a sleeper if there is one.
  void post();
  // Takes one if there is one.
  [[nodiscard]] bool try_take();
  // Takes all there are; says how many.
  uint32_t take_all();
  [[nodiscard]] bool available() const { return value() != 0; }
  // Sleeps until the value may have changed from 0, at most `timeout_ns`.
  void wait(int64_t timeout_ns);

  // For watching many at once: while registered, a peer's post wakes the value's futex.
  void add_waiter();
  void remove_waiter();
  [[nodiscard]] const uint32_t* word() const;

 private:
  [[nodiscard]] uint32_t value() const;
  [[nodiscard]] uint64_t* data() const;

  alignas(8) mutable unsigned char raw_[kBytes];
};

static_assert(sizeof(Semaphore) == Semaphore::kBytes);

}  // namespace coroipc::sys
