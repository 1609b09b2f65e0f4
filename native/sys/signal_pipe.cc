#include "sys/signal_pipe.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <mutex>

namespace coroipc::sys {
namespace {

constexpr int kNobody = -1;
constexpr int kSignals = 65;  // numbered from 1

// A write of so many bytes is whole or none.
static_assert(sizeof(SignalNews) <= PIPE_BUF);

// What the handler reads, by signal.
struct Slot {
  std::atomic<int> write_end{kNobody};
  // Handlers that may still use what they read of `write_end`.
  std::atomic<int> inside{0};
  struct sigaction before {};  // guarded by `mutex`
};

std::array<Slot, kSignals> slots;
std::mutex mutex;

// Whether a process sent it, and the kernel says which. What timers and asynchronous I/O send has
// other things in the same place.
bool has_sender(int code) {
  return code == SI_USER || code == SI_QUEUE || code == SI_TKILL || code == SI_MESGQ;
}

void on_signal(int number, siginfo_t* info, void*) {
  const int saved = errno;
  Slot& slot = slots[static_cast<size_t>(number)];
  slot.inside.fetch_add(1);
  const int fd = slot.write_end.load();
  const bool sent = has_sender(info->si_code);
  const SignalNews news{number, sent ? info->si_pid : 0, sent ? info->si_uid : 0};
  // A pipe that is full holds thousands of this signal: one more would be no news.
  if (fd != kNobody) [[maybe_unused]]
    const ssize_t written = write(fd, &news, sizeof news);
  slot.inside.fetch_sub(1);
  errno = saved;
}

}  // namespace

bool SignalPipe::can_be_piped(int number) {
  switch (number) {
    case SIGKILL:
    case SIGSTOP:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGSYS:
    case SIGABRT:
    case SIGCHLD:
      return false;
    default:
      // Between the standard and the real-time signals are those of the C library.
      return (number > 0 && number < 32) || (number >= SIGRTMIN && number <= SIGRTMAX);
  }
}

Result<std::unique_ptr<SignalPipe>> SignalPipe::open(int number) {
  if (!can_be_piped(number)) return Failure{Status::kErrInvalidParam, EINVAL, "sigaction"};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return system_failure("pipe2");
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);

  const std::lock_guard lock(mutex);
  Slot& slot = slots[static_cast<size_t>(number)];
  if (slot.write_end.load() != kNobody) {
    return Failure{Status::kErrExist, EEXIST, "sigaction"};
  }
  slot.write_end.store(write_end.get());
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(number, &action, &slot.before) != 0) {
    const Failure failure = system_failure("sigaction");
    slot.write_end.store(kNobody);
    return failure;
  }
  return std::unique_ptr<SignalPipe>(
      new SignalPipe(number, std::move(read_end), std::move(write_end)));
}

SignalPipe::~SignalPipe() {
  const std::lock_guard lock(mutex);
  Slot& slot = slots[static_cast<size_t>(number_)];
  struct sigaction now {};
  // Whoever has taken the signal over since keeps it.
  if (sigaction(number_, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 &&
      now.sa_sigaction == on_signal) {
    sigaction(number_, &slot.before, nullptr);
  }
  slot.write_end.store(kNobody);
  // A handler on another thread may have read the number just before, and the number must not be
  // another file's when it writes.
  while (slot.inside.load() != 0) sched_yield();
}

std::optional<SignalNews> SignalPipe::take() const {
  SignalNews news;
  for (;;) {
    const ssize_t got = read(read_end_.get(), &news, sizeof news);
    if (got == sizeof news) return news;
    if (got >= 0 || errno != EINTR) return std::nullopt;
  }
}

}  // namespace coroipc::sys
