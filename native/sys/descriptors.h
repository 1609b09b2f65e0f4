// Two descriptors for a host to watch: a bell that any thread may ring, and a timer.
#pragma once

#include <cstdint>

#include "sys/fd.h"

namespace coroipc::sys {

// Readable from ring() until silence(). Any thread may call either.
class Bell {
 public:
  [[nodiscard]] static Result<Bell> make();
  [[nodiscard]] int fd() const { return fd_.get(); }
  void ring() const;
  void silence() const;

 private:
  explicit Bell(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

// Readable once the time set has passed, until it is set anew, stopped, or taken.
class Timer {
 public:
  [[nodiscard]] static Result<Timer> make();
  [[nodiscard]] int fd() const { return fd_.get(); }
  // `deadline_ns` on the monotonic clock; kNever stops the timer. With `every_ns` the time passes
  // again and again after it.
  void set(int64_t deadline_ns, int64_t every_ns = 0);
  // How often the time has passed since it was last asked.
  [[nodiscard]] uint64_t take() const;

 private:
  explicit Timer(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace coroipc::sys
