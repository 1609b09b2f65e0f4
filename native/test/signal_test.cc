#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <thread>
#include <vector>

#include "sys/signal_pipe.h"
#include "test/test.h"

namespace {

// A thread that is to be held up in its next write, and whether it has come there.
std::atomic<pid_t> held = 0;
std::atomic<bool> arrived = false;

pid_t this_thread() { return static_cast<pid_t>(syscall(SYS_gettid)); }

}  // namespace

// The linker puts these two in the place of write(2).
extern "C" ssize_t __real_write(int fd, const void* bytes, size_t count);
extern "C" ssize_t __wrap_write(int fd, const void* bytes, size_t count) {
  if (held.load() != 0 && held.load() == this_thread()) {
    arrived = true;
    while (held.load() != 0) sched_yield();
  }
  return __real_write(fd, bytes, count);
}

namespace coroipc::sys {
namespace {

constexpr int kLongMs = 20'000;

bool waits(const SignalPipe& pipe, int timeout_ms = kLongMs) {
  pollfd entry{pipe.fd(), POLLIN, 0};
  for (;;) {
    const int ready = poll(&entry, 1, timeout_ms);
    if (ready >= 0 || errno != EINTR) return ready == 1;
  }
}

struct sigaction handler_of(int number) {
  struct sigaction now {};
  CHECK_EQ(sigaction(number, nullptr, &now), 0);
  return now;
}

std::atomic<int> handled_before = 0;
void count_before(int) { ++handled_before; }

TEST(signal_pipe_tells_the_number_and_the_sender) {
  auto pipe = SignalPipe::open(SIGUSR1);
  REQUIRE(pipe.ok());
  CHECK(!waits(*pipe.value(), 0));
  CHECK(!pipe.value()->take().has_value());
  REQUIRE_EQ(kill(getpid(), SIGUSR1), 0);
  REQUIRE(waits(*pipe.value()));
  const auto own = pipe.value()->take();
  REQUIRE(own.has_value());
  CHECK_EQ(own->number, SIGUSR1);
  CHECK_EQ(own->pid, getpid());
  CHECK_EQ(own->uid, getuid());
  CHECK(!waits(*pipe.value(), 0));

  const pid_t child = fork();
  if (child == 0) _exit(kill(getppid(), SIGUSR1) == 0 ? 0 : 1);
  int status = -1;
  REQUIRE_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  REQUIRE(waits(*pipe.value()));
  CHECK_EQ(pipe.value()->take()->pid, child);
}

TEST(signal_pipe_names_no_sender_for_what_the_kernel_sends) {
  auto pipe = SignalPipe::open(SIGUSR2);
  REQUIRE(pipe.ok());
  // A timer of the process: where a sender's pid would be, the kernel puts the timer's number.
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR2;
  timer_t first{};
  timer_t second{};
  REQUIRE_EQ(timer_create(CLOCK_MONOTONIC, &event, &first), 0);
  REQUIRE_EQ(timer_create(CLOCK_MONOTONIC, &event, &second), 0);
  itimerspec soon{};
  soon.it_value.tv_nsec = 1;
  REQUIRE_EQ(timer_settime(second, 0, &soon, nullptr), 0);
  REQUIRE(waits(*pipe.value()));
  const auto news = pipe.value()->take();
  REQUIRE(news.has_value());
  CHECK_EQ(news->pid, 0);
  CHECK_EQ(news->uid, 0);
  timer_delete(first);
  timer_delete(second);
}

TEST(signal_pipe_hands_the_signal_back) {
  struct sigaction mine {};
  mine.sa_handler = count_before;
  struct sigaction original {};
  REQUIRE_EQ(sigaction(SIGUSR1, &mine, &original), 0);
  handled_before = 0;
  {
    auto pipe = SignalPipe::open(SIGUSR1);
    REQUIRE(pipe.ok());
    raise(SIGUSR1);
    CHECK(pipe.value()->take().has_value());
    CHECK_EQ(handled_before.load(), 0);
  }
  CHECK(handler_of(SIGUSR1).sa_handler == count_before);
  raise(SIGUSR1);
  CHECK_EQ(handled_before.load(), 1);
  sigaction(SIGUSR1, &original, nullptr);
}

TEST(signal_pipe_leaves_a_signal_that_somebody_took_over_since) {
  struct sigaction original {};
  {
    auto pipe = SignalPipe::open(SIGUSR1);
    REQUIRE(pipe.ok());
    struct sigaction theirs {};
    theirs.sa_handler = count_before;
    REQUIRE_EQ(sigaction(SIGUSR1, &theirs, nullptr), 0);
  }
  CHECK(handler_of(SIGUSR1).sa_handler == count_before);
  original.sa_handler = SIG_DFL;
  sigaction(SIGUSR1, &original, nullptr);
}

TEST(signal_pipe_is_one_a_signal_in_the_process) {
  auto first = SignalPipe::open(SIGUSR1);
  REQUIRE(first.ok());
  auto second = SignalPipe::open(SIGUSR1);
  REQUIRE(!second.ok());
  CHECK_EQ(second.failure().code, EEXIST);
  CHECK_EQ(second.failure().status, Status::kErrExist);
  raise(SIGUSR1);
  CHECK(first.value()->take().has_value());
  first.value().reset();
  CHECK(SignalPipe::open(SIGUSR1).ok());
}

TEST(signal_pipe_refuses_what_cannot_or_must_not_be_handled) {
  // Between the standard signals and the first real-time one are the C library's own.
  const std::vector<int> refused = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,
                                    SIGTRAP, SIGSYS,  SIGABRT, SIGCHLD, 32,      SIGRTMIN - 1,
                                    0,       -1,      65,      1000,    INT_MIN, SIGRTMAX + 1};
  for (const int number : refused) {
    CHECK(!SignalPipe::can_be_piped(number));
    auto pipe = SignalPipe::open(number);
    REQUIRE(!pipe.ok());
    CHECK_EQ(pipe.failure().code, EINVAL);
  }
  for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGALRM, SIGPWR, SIGRTMIN, SIGRTMAX}) {
    CHECK(SignalPipe::open(number).ok());
  }
}

TEST(signal_pipe_survives_more_signals_than_it_has_room_for) {
  auto pipe = SignalPipe::open(SIGUSR1);
  REQUIRE(pipe.ok());
  constexpr int kFlood = 20'000;
  errno = 4711;
  for (int i = 0; i < kFlood; ++i) raise(SIGUSR1);
  CHECK_EQ(errno, 4711);
  int taken = 0;
  while (pipe.value()->take().has_value()) ++taken;
  CHECK(taken > 100);
  CHECK(taken <= kFlood);
  raise(SIGUSR1);
  CHECK(pipe.value()->take().has_value());
}

TEST(signal_pipes_of_two_signals_get_their_own) {
  auto one = SignalPipe::open(SIGUSR1);
  auto two = SignalPipe::open(SIGRTMIN + 3);
  REQUIRE(one.ok());
  REQUIRE(two.ok());
  for (int i = 0; i < 10; ++i) raise(SIGUSR1);
  CHECK(!waits(*two.value(), 0));
  for (int i = 0; i < 5; ++i) raise(SIGRTMIN + 3);
  int first = 0;
  for (; const auto news = one.value()->take(); ++first) CHECK_EQ(news->number, SIGUSR1);
  CHECK_EQ(first, 10);
  one.value().reset();
  int second = 0;
  for (; const auto news = two.value()->take(); ++second) CHECK_EQ(news->number, SIGRTMIN + 3);
  CHECK_EQ(second, 5);
}

// A signal to one thread of this process.
void signal_thread(pid_t thread, int number) { syscall(SYS_tgkill, getpid(), thread, number); }

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(signal_pipe_does_not_close_under_a_handler_on_another_thread) {
  auto pipe = SignalPipe::open(SIGUSR1);
  REQUIRE(pipe.ok());
  const int read_end = pipe.value()->fd();
  std::atomic<bool> over = false;
  std::atomic<pid_t> target = 0;
  std::thread handling([&] {
    target = this_thread();
    while (!over.load()) sched_yield();
  });
  while (target.load() == 0) sched_yield();
  arrived = false;
  held = target.load();
  signal_thread(target.load(), SIGUSR1);
  while (!arrived.load()) sched_yield();
  std::thread closing([&] { pipe.value().reset(); });
  // Long enough for it to close, if it did not wait.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(is_open(read_end));
  held = 0;
  closing.join();
  CHECK(!is_open(read_end));
  over = true;
  handling.join();
}

// Signals on three threads and on the process, for as long as it lives.
class Rain {
 public:
  explicit Rain(int number) {
    for (auto& target : targets_) {
      threads_.emplace_back([this, &target] {
        target = this_thread();
        while (!over_.load()) sched_yield();
      });
      while (target.load() == 0) sched_yield();
    }
    threads_.emplace_back([this, number] {
      while (!over_.load()) {
        for (const auto& target : targets_) signal_thread(target.load(), number);
        kill(getpid(), number);
      }
    });
  }
  ~Rain() {
    over_ = true;
    threads_.back().join();
    threads_.pop_back();
    for (std::thread& thread : threads_) thread.join();
  }
  Rain(const Rain&) = delete;
  Rain& operator=(const Rain&) = delete;

 private:
  std::atomic<bool> over_ = false;
  std::array<std::atomic<pid_t>, 3> targets_{};
  std::vector<std::thread> threads_;
};

TEST(signal_pipe_opens_and_closes_while_signals_rain_on_every_thread) {
  // What comes while no pipe is open goes here.
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction original {};
  REQUIRE_EQ(sigaction(SIGUSR1, &ignore, &original), 0);
  size_t taken = 0;
  {
    const Rain rain(SIGUSR1);
    for (int round = 0; round < 1500; ++round) {
      auto pipe = SignalPipe::open(SIGUSR1);
      REQUIRE(pipe.ok());
      const int read_end = pipe.value()->fd();
      if (round % 10 == 0) CHECK(waits(*pipe.value()));
      // As much as there is room for comes in while it is emptied.
      for (int most = 100; most > 0; --most) {
        const auto news = pipe.value()->take();
        if (!news.has_value()) break;
        CHECK_EQ(news->number, SIGUSR1);
        CHECK_EQ(news->pid, getpid());
        ++taken;
      }
      pipe.value().reset();
      // Both numbers are free now, and the next files get them. Nobody writes to those.
      int ends[2] = {-1, -1};
      REQUIRE_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
      const Fd next(ends[0]);
      const Fd other(ends[1]);
      CHECK_EQ(next.get(), read_end);
      if (round % 8 == 0) sched_yield();
      char byte = 0;
      CHECK_EQ(read(next.get(), &byte, 1), -1);
      CHECK_EQ(errno, EAGAIN);
    }
  }
  CHECK(taken >= 150);
  sigaction(SIGUSR1, &original, nullptr);
}

}  // namespace
}  // namespace coroipc::sys
