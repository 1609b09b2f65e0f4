// The floor under a call between two who are awake: a sequence word each, on a cache line of its
// own, and a loop that looks at it. Nobody ever sleeps, so on one CPU each waits for the other's
// time slice.
#include <atomic>

#include "pingpong.h"

namespace {

struct Way {
  alignas(64) std::atomic<uint64_t> sequence{0};
  pingpong::Bytes bytes;

  void send(const char* payload, size_t size, uint64_t number) {
    bytes.put(payload, size);
    sequence.store(number, std::memory_order_release);
  }

  void receive(char* payload, size_t size, uint64_t number) {
    while (sequence.load(std::memory_order_acquire) != number) bench::relax();
    bytes.take(payload, size);
  }
};

struct Exchange {
  Way there;
  Way back;
  // Each is one side's own, on a line that nobody else touches.
  alignas(64) uint64_t called = 0;
  alignas(64) uint64_t served = 0;

  [[nodiscard]] bool make(bool /*one_cpu*/) { return true; }

  void call(char* payload, size_t size) {
    there.send(payload, size, ++called);
    back.receive(payload, size, called);
  }

  void serve(char* payload, size_t size) {
    there.receive(payload, size, ++served);
    back.send(payload, size, served);
  }
};

}  // namespace

int main(int argc, char** argv) { return pingpong::run<Exchange>(argc, argv); }
