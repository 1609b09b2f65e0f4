// The floor under a call between two who sleep only when there is nothing for a while: a sequence
// word each in shared memory, and a flag beside it that says that its reader sleeps. Who waits
// looks for a little, then sets the flag, looks once more and sleeps; who sends makes a system call
// only where the flag is set. Of the two stores and the two looks one side always sees the other's,
// as all four are sequentially consistent.
#include <linux/futex.h>
#include <sys/syscall.h>

#include <atomic>

#include "pingpong.h"

namespace {

// About as long as it takes to sleep and to be woken on another CPU: who waits awake for longer has
// lost. Where the kernel has put both on the same one, the other gets its turn now and then.
constexpr int kLooks = 1000;
constexpr int kLooksBetweenYields = 50;

void futex(std::atomic<uint32_t>& word, int what, uint32_t value) {
  syscall(SYS_futex, &word, what, value, nullptr, nullptr, 0);
}

struct Way {
  alignas(64) std::atomic<uint32_t> sequence{0};
  alignas(64) std::atomic<uint32_t> asleep{0};
  int looks = 0;
  pingpong::Bytes bytes;

  void send(const char* payload, size_t size) {
    bytes.put(payload, size);
    sequence.fetch_add(1);
    if (asleep.load() != 0) futex(sequence, FUTEX_WAKE, 1);
  }

  // `seen` is the last number that the reader has had.
  void receive(char* payload, size_t size, uint32_t& seen) {
    for (int look = 1; look <= looks && sequence.load() == seen; ++look) {
      if (look % kLooksBetweenYields == 0) {
        sched_yield();
      } else {
        bench::relax();
      }
    }
    if (sequence.load() == seen) {
      asleep.store(1);
      while (sequence.load() == seen) futex(sequence, FUTEX_WAIT, seen);
      asleep.store(0);
    }
    seen += 1;
    bytes.take(payload, size);
  }
};

struct Exchange {
  Way there;
  Way back;
  // Each is one side's own, on a line that nobody else touches.
  alignas(64) uint32_t answers_seen = 0;
  alignas(64) uint32_t requests_seen = 0;

  [[nodiscard]] bool make(bool one_cpu) {
    // Awake, nobody on the same CPU can send what is waited for.
    if (!one_cpu) there.looks = back.looks = kLooks;
    return true;
  }

  void call(char* payload, size_t size) {
    there.send(payload, size);
    back.receive(payload, size, answers_seen);
  }

  void serve(char* payload, size_t size) {
    there.receive(payload, size, requests_seen);
    back.send(payload, size);
  }
};

}  // namespace

int main(int argc, char** argv) { return pingpong::run<Exchange>(argc, argv); }
