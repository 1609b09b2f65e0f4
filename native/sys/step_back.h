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
  void found_none() { found_none(now_ns); }
  template <class Clock>
  void found_none(Clock&& clock_ns) {
    // Fewer than these are no stream.
    if (std::exchange(found_, 0) >= kStream) until_ns_ = clock_ns() + kMomentNs;
  }

  // Before a look: waits until that moment is over. Only where the writer has a CPU of its own, of
  // course.
  void wait() { wait(now_ns); }
  template <class Clock>
  void wait(Clock&& clock_ns) {
    if (until_ns_ == 0) return;
    for (const int64_t until_ns = std::exchange(until_ns_, 0); clock_ns() < until_ns;) cpu_relax();
  }

  // Some forty small records take it; who was asleep waits twenty times as long.
  static constexpr int64_t kMomentNs = 2500;

 private:
  static constexpr uint32_t kStream = 4;
  uint32_t found_ = 0;
  int64_t until_ns_ = 0;
};

}  // namespace coroipc::sys
