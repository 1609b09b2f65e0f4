// What the floor programs share: two processes, some bytes that go there and back, and what it
// costs. A program brings an Exchange, which says how one side tells the other that the bytes are
// there:
//
//   struct Exchange {                 // lies in memory that both processes share, all zero at
//   first
//     bool make(bool one_cpu);        // before the fork; whether both sides share a single CPU
//     void call(char*, size_t);       // in the caller: sends the bytes and waits until they are
//     back void serve(char*, size_t);      // in the server: waits for the bytes and sends them
//     back
//   };
//
// and is run with WARM_MS MS PAUSE_US CALLER_CPU SERVER_CPU [PAYLOAD [RATE]]: how long to call
// before anything counts, how long to measure, how long the caller pauses before each call (0 is
// not at all; it sleeps, or stays awake where the number is negative), where the two run (-1 leaves
// it to the kernel), how many bytes, and how many calls a second on a schedule (0 is as fast as
// they go). It prints one line of JSON.
#pragma once

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "calls.h"
#include "sides.h"

namespace pingpong {

inline constexpr size_t kMostPayload = 1024 * 1024;

struct Options {
  bench::Effort effort;
  int caller_cpu;
  int server_cpu;
  size_t payload;
};

// One direction of an exchange whose bytes lie in shared memory: each side has its own copy, as it
// would where the other may write to the memory at any time.
struct Bytes {
  alignas(64) char bytes[kMostPayload];

  void put(const char* payload, size_t size) { memcpy(bytes, payload, size); }
  void take(char* payload, size_t size) const { memcpy(payload, bytes, size); }
};

[[nodiscard]] inline bool parse(int argc, char** argv, Options& options) {
  if (argc < 6 || argc > 8) return false;
  const auto number = [&](int index, long otherwise) {
    return index < argc ? atol(argv[index]) : otherwise;
  };
  const int64_t pause_us = number(3, 0);
  options.effort = {number(1, 0) * 1'000'000, number(2, 0) * 1'000'000, pause_us * 1000,
                    number(7, 0)};
  options.caller_cpu = static_cast<int>(number(4, -1));
  options.server_cpu = static_cast<int>(number(5, -1));
  const long payload = number(6, 64);
  if (payload < 1 || payload > static_cast<long>(kMostPayload)) return false;
  options.payload = static_cast<size_t>(payload);
  return options.effort.warm_ns >= 0 && options.effort.measure_ns > 0 && options.effort.rate >= 0;
}

template <class Exchange>
[[nodiscard]] bool measure(Exchange& exchange, const Options& options, pid_t server) {
  bench::Meter meter;
  if (!meter.watch(server)) return false;
  bench::sleep_exactly();
  std::vector<char> payload(options.payload, 7);
  const auto call = [&] { exchange.call(payload.data(), payload.size()); };
  bench::measure_calls(call, options.effort, meter);
  for (const char each : payload) {
    if (each != 7) return false;
  }
  return true;
}

// A floor program's main function. The server is ended by SIGKILL: a word that says stop would have
// to be looked at in every turn.
template <class Exchange>
[[nodiscard]] int run(int argc, char** argv) {
  Options options{};
  if (!parse(argc, argv, options)) {
    fprintf(stderr, "usage: %s WARM_MS MS PAUSE_US CALLER_CPU SERVER_CPU [PAYLOAD [RATE]]\n",
            argv[0]);
    return 2;
  }
  void* place =
      mmap(nullptr, sizeof(Exchange), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) return perror("mmap"), 1;
  Exchange& exchange = *new (place) Exchange;
  const bool one_cpu =
      bench::on_one_cpu() || (options.caller_cpu >= 0 && options.caller_cpu == options.server_cpu);
  if (!exchange.make(one_cpu)) return perror("the exchange could not be made"), 1;

  const pid_t caller = getpid();
  const pid_t server = fork();
  if (server < 0) return perror("fork"), 1;
  if (server == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != caller || !bench::pin(options.server_cpu)) _exit(1);
    std::vector<char> copy(options.payload);
    for (;;) exchange.serve(copy.data(), copy.size());
  }
  const bool measured = bench::pin(options.caller_cpu) && measure(exchange, options, server);
  if (!measured) perror("the exchange could not be measured");
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  return measured ? 0 : 1;
}

}  // namespace pingpong
