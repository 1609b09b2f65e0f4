// Signals as a descriptor: readable while signals wait to be taken. Of one number at a time there
// is one pipe in the process.
//
// Not signalfd(2): that needs the signal to be blocked in every thread of the process, and a
// program that is loaded into a runtime finds threads that it did not start and cannot reach. A
// handler runs whichever thread the kernel chooses, and writes to a pipe.
//
// Signal handlers belong to the process, so what the handler reads is no environment's. It takes no
// lock. Any thread may open and close pipes; one pipe is for one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "sys/fd.h"

namespace coroipc::sys {

// One signal, and who sent it. `pid` and `uid` are 0 for one that the kernel itself sent.
struct SignalNews {
  int32_t number = 0;
  int32_t pid = 0;
  uint32_t uid = 0;
};

class SignalPipe {
 public:
  // Takes the signal over from whoever handled it. INVALID_PARAM for a number that cannot be
  // handled this way (see `can_be_piped`), EXIST when the process has a pipe for it.
  [[nodiscard]] static Result<std::unique_ptr<SignalPipe>> open(int number);
  // Hands the signal back to whoever handled it before.
  ~SignalPipe();

  // False for what cannot be caught, for faults of the program itself, and for SIGCHLD, by which
  // the host waits for its children.
  [[nodiscard]] static bool can_be_piped(int number);

  [[nodiscard]] int fd() const { return read_end_.get(); }
  // The next that waits.
  [[nodiscard]] std::optional<SignalNews> take() const;

  SignalPipe(const SignalPipe&) = delete;
  SignalPipe& operator=(const SignalPipe&) = delete;

 private:
  SignalPipe(int number, Fd read_end, Fd write_end)
      : number_(number), read_end_(std::move(read_end)), write_end_(std::move(write_end)) {}

  const int number_;
  const Fd read_end_;
  const Fd write_end_;
};

}  // namespace coroipc::sys
