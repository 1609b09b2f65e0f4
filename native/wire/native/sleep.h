// Sleeping and waking of the native wire: one word a side, even while it is awake and odd while it
// sleeps. native/model/channel.pml is the proof that no wake-up is lost; the names of the steps are
// those of docs/native-wire.md.
//
// For one thread a side.
#pragma once

#include <atomic>
#include <cstdint>

namespace coroipc::wire::native {

class SleepWord {
 public:
  // `ours` is written by this side alone, `peers` only read.
  SleepWord(uint32_t* ours, const uint32_t* peers) : ours_(ours), peers_(peers) {}

  // S1 and S2. What may have come meanwhile has to be looked for after this, and before waiting.
  void doze() {
    if (asleep()) return;
    store(++value_);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  // S5.
  void wake() {
    if (asleep()) store(++value_);
  }
  [[nodiscard]] bool asleep() const { return (value_ & 1) != 0; }

  // P2 to P4, after every publication: whether the doorbell has to be sent, once for each sleep.
  [[nodiscard]] bool must_ring() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const uint32_t seen =
        std::atomic_ref(*const_cast<uint32_t*>(peers_)).load(std::memory_order_relaxed);
    if ((seen & 1) == 0 || seen == rung_) return false;
    rung_ = seen;
    return true;
  }

 private:
  void store(uint32_t value) { std::atomic_ref(*ours_).store(value, std::memory_order_relaxed); }

  uint32_t* const ours_;
  const uint32_t* const peers_;
  uint32_t value_ = 0;
  uint32_t rung_ = 0;
};

}  // namespace coroipc::wire::native
