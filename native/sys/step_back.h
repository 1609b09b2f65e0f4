// How a reader keeps its distance from a writer. One that keeps up looks at the very lines of the
// cache that are being written, and each look takes them from the writer's CPU. So who has read
// several records in a row and finds no more waits for a moment before the next look; what was
// written meanwhile comes all at once.
#pragma once

#include <cstdint>
#include <utility>

#include "sys/clock.h"
#include "sys/spin.h"

namespace coroipc::sys {

// One reader's. Owned and used by one thread.
class StepBack {
 public:
  void found(uint32_t records) { found_ += records; }
  void found_none() { due_ = std::exchange(found_, 0) >= kStream; }

  // Before a look: waits, if it is due. Only where the writer has a CPU of its own, of course.
  void wait() { wait(now_ns); }
  template <class Clock>
  void wait(Clock&& clock_ns) {
    if (!std::exchange(due_, false)) return;
    for (const int64_t end_ns = clock_ns() + kMomentNs; clock_ns() < end_ns;) cpu_relax();
  }

  // Some ten small records take it; it is a hundredth of what a reader waits when it was asleep.
  static constexpr int64_t kMomentNs = 500;

 private:
  // Fewer records than these are no stream.
  static constexpr uint32_t kStream = 4;
  uint32_t found_ = 0;
  bool due_ = false;
};

}  // namespace coroipc::sys
