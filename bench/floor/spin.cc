// The floor under a call between two who are awake: a sequence word each, on a cache line of its
// own, and a loop that looks at it. Nobody ever sleeps, so on one CPU each waits for the other's
// time slice.
#include <atomic>

#include "pingpong.h"

namespace {

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

struct Way {
  alignas(64) std::atomic<uint64_t> sequence{0};
  alignas(64) char payload[pingpong::kPayload];
};

struct Exchange {
  Way there;
  Way back;
  // Each is one side's own, on a line that nobody else touches.
  alignas(64) uint64_t called = 0;
  alignas(64) uint64_t served = 0;

  [[nodiscard]] bool make() { return true; }

  void call(char* payload) {
    memcpy(there.payload, payload, pingpong::kPayload);
    there.sequence.store(++called, std::memory_order_release);
    while (back.sequence.load(std::memory_order_acquire) != called) relax();
    memcpy(payload, back.payload, pingpong::kPayload);
  }

  void serve() {
    char copy[pingpong::kPayload];
    ++served;
    while (there.sequence.load(std::memory_order_acquire) != served) relax();
    memcpy(copy, there.payload, pingpong::kPayload);
    memcpy(back.payload, copy, pingpong::kPayload);
    back.sequence.store(served, std::memory_order_release);
  }
};

}  // namespace

int main(int argc, char** argv) { return pingpong::run<Exchange>(argc, argv); }
