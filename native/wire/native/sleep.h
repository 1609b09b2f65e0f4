// Sleeping and waking of the native wire: one word a side, which says what that side sleeps for, or
// that it is awake. native/model/channel.pml is the proof that no wake-up is lost; the names of the
// steps are those of docs/native-wire.md.
//
// For one thread a side.
#pragma once

#include <atomic>
#include <cstdint>

namespace coroipc::wire::native {

// What a side can sleep for: the low bits of its word. None of them: it is awake, or wants nothing.
using Wants = uint32_t;
inline constexpr Wants kWantsCalls = 1;       // requests, at the server; responses, at the client
inline constexpr Wants kWantsDispatches = 2;  // dispatch messages
inline constexpr Wants kWantsRoom = 4;        // room in a ring that it writes to
inline constexpr Wants kAllWants = 7;

class SleepWord {
 public:
  // `ours` is written by this side alone, `peers` only read. `rung` is what `peers` said when it
  // was last rung for, its owner's to keep: JavaScript looks at it, too.
  SleepWord(uint32_t* ours, const uint32_t* peers, uint32_t& rung)
      : ours_(ours), peers_(peers), rung_(rung) {}

  // S1 and S2. What may have come meanwhile has to be looked for after this, and before waiting.
  // Every call is a new sleep, for which the peer may ring anew.
  void sleep_for(Wants wants) {
    count_ += kAllWants + 1;
    ++sleeps_;
    store(count_ | wants);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    wants_ = wants;
  }
  // S5.
  void wake() {
    if (wants_ == 0) return;
    wants_ = 0;
    store(count_);
  }
  // How often it went to sleep: the peer may ring once for each.
  [[nodiscard]] uint64_t sleeps() const { return sleeps_; }
  // What this side sleeps for.
  [[nodiscard]] Wants wants() const { return wants_; }

  // P2 to P4, after publications that are of interest to who wants one of `what`: whether the
  // doorbell has to be sent, once for each sleep.
  [[nodiscard]] bool must_ring(Wants what) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return sees_sleeper(what);
  }
  // P3 and P4 alone, which cost nearly nothing: who has long been asleep is seen. Who is just
  // falling asleep may not be, so must_ring has to follow, once for all that was published
  // meanwhile.
  [[nodiscard]] bool sees_sleeper(Wants what) {
    const uint32_t seen =
        std::atomic_ref(*const_cast<uint32_t*>(peers_)).load(std::memory_order_relaxed);
    if ((seen & what) == 0 || seen == rung_) return false;
    rung_ = seen;
    return true;
  }

 private:
  void store(uint32_t value) { std::atomic_ref(*ours_).store(value, std::memory_order_relaxed); }

  uint32_t* const ours_;
  const uint32_t* const peers_;
  uint32_t count_ = 0;
  uint64_t sleeps_ = 0;
  Wants wants_ = 0;
  uint32_t& rung_;
};

}  // namespace coroipc::wire::native
