// What the floor programs share: two processes, 64 bytes that go there and back, and what it costs.
// A program brings an Exchange, which says how one side tells the other that the bytes are there:
//
//   struct Exchange {            // lies in memory that both processes share
//     bool make();               // before the fork
//     void call(char*);          // in the caller: sends 64 bytes and waits until they are back
//     void serve();              // in the server: waits for 64 bytes and sends them back
//   };
//
// and is run with WARM_MS MS PAUSE_US CALLER_CPU SERVER_CPU: how long to call before anything
// counts, how long to measure, how long the caller sleeps before each call (0 is not at all), and
// where the two run (-1 leaves it to the kernel). It prints one line of JSON.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

namespace pingpong {

inline constexpr size_t kPayload = 64;
inline constexpr size_t kMostCalls = 1'000'000;

struct Options {
  int64_t warm_ns;
  int64_t measure_ns;
  int64_t pause_ns;
  int caller_cpu;
  int server_cpu;
};

inline int64_t clock_ns(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

inline int64_t now_ns() { return clock_ns(CLOCK_MONOTONIC); }

inline void sleep_ns(int64_t ns) {
  timespec rest{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  while (nanosleep(&rest, &rest) != 0) {
  }
}

[[nodiscard]] inline bool pin(int cpu) {
  if (cpu < 0) return true;
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(static_cast<size_t>(cpu), &only);
  return sched_setaffinity(0, sizeof only, &only) == 0;
}

[[nodiscard]] inline bool parse(int argc, char** argv, Options& options) {
  if (argc != 6) return false;
  options.warm_ns = atol(argv[1]) * 1'000'000;
  options.measure_ns = atol(argv[2]) * 1'000'000;
  options.pause_ns = atol(argv[3]) * 1000;
  options.caller_cpu = atoi(argv[4]);
  options.server_cpu = atoi(argv[5]);
  return options.warm_ns >= 0 && options.measure_ns > 0 && options.pause_ns >= 0;
}

// The CPU time of both sides, in nanoseconds.
[[nodiscard]] inline int64_t cpu_ns(clockid_t server) {
  return clock_ns(CLOCK_PROCESS_CPUTIME_ID) + clock_ns(server);
}

// Back to back, the end of one call is the beginning of the next: one look at the clock a call, as
// the cases in JavaScript do it.
template <class Exchange>
void call_for(Exchange& exchange, int64_t limit_ns, std::vector<int64_t>& times) {
  char payload[kPayload];
  memset(payload, 7, sizeof payload);
  int64_t before = now_ns();
  const int64_t end = before + limit_ns;
  while (before < end && times.size() < kMostCalls) {
    exchange.call(payload);
    const int64_t after = now_ns();
    times.push_back(after - before);
    before = after;
  }
}

// The pause is no part of the time.
template <class Exchange>
void call_paced(Exchange& exchange, const Options& options, int64_t limit_ns,
                std::vector<int64_t>& times) {
  char payload[kPayload];
  memset(payload, 7, sizeof payload);
  const int64_t end = now_ns() + limit_ns;
  while (now_ns() < end && times.size() < kMostCalls) {
    sleep_ns(options.pause_ns);
    const int64_t before = now_ns();
    exchange.call(payload);
    times.push_back(now_ns() - before);
  }
}

inline void print(std::vector<int64_t>& times, int64_t took_ns, int64_t cpu) {
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    const size_t index = static_cast<size_t>(static_cast<double>(times.size()) * share);
    return static_cast<long long>(times[std::min(index, times.size() - 1)]);
  };
  const double count = static_cast<double>(times.size());
  printf("{\"p50Ns\": %lld, \"p90Ns\": %lld, \"p99Ns\": %lld, ", at(0.5), at(0.9), at(0.99));
  printf("\"perSecond\": %.1f, \"cpuNsPerOp\": %.1f}\n", count * 1e9 / static_cast<double>(took_ns),
         static_cast<double>(cpu) / count);
}

template <class Exchange>
[[nodiscard]] bool measure(Exchange& exchange, const Options& options, pid_t server) {
  clockid_t server_clock{};
  if (clock_getcpuclockid(server, &server_clock) != 0) return false;
  std::vector<int64_t> times;
  times.reserve(kMostCalls);
  const auto call = [&](int64_t limit_ns) {
    times.clear();
    if (options.pause_ns == 0) return call_for(exchange, limit_ns, times);
    call_paced(exchange, options, limit_ns, times);
  };
  call(options.warm_ns);
  const int64_t cpu = cpu_ns(server_clock);
  const int64_t start = now_ns();
  call(options.measure_ns);
  const int64_t took = now_ns() - start;
  print(times, took, cpu_ns(server_clock) - cpu);
  return true;
}

// A floor program's main function. The server is ended by SIGKILL: a word that says stop would have
// to be looked at in every turn.
template <class Exchange>
[[nodiscard]] int run(int argc, char** argv) {
  Options options{};
  if (!parse(argc, argv, options)) {
    fprintf(stderr, "usage: %s WARM_MS MS PAUSE_US CALLER_CPU SERVER_CPU\n", argv[0]);
    return 2;
  }
  void* place =
      mmap(nullptr, sizeof(Exchange), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) return perror("mmap"), 1;
  Exchange& exchange = *new (place) Exchange;
  if (!exchange.make()) return perror("the exchange could not be made"), 1;

  const pid_t caller = getpid();
  const pid_t server = fork();
  if (server < 0) return perror("fork"), 1;
  if (server == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != caller || !pin(options.server_cpu)) _exit(1);
    for (;;) exchange.serve();
  }
  const bool measured = pin(options.caller_cpu) && measure(exchange, options, server);
  if (!measured) perror("the exchange could not be measured");
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  return measured ? 0 : 1;
}

}  // namespace pingpong
