#include "sys/semaphore_watch.h"

#include <pthread.h>

#include <array>
#include <atomic>
#include <csignal>

#include "sys/clock.h"
#include "sys/futex.h"

namespace coroipc::sys {

namespace {

// How often a thread looks at its semaphores where the kernel cannot wait for several words.
constexpr int64_t kFallbackPeriodNs = 1'000'000;

}  // namespace

Result<std::shared_ptr<WatchBell>> WatchBell::make() {
  Result<Bell> bell = Bell::make();
  if (!bell.ok()) return bell.failure();
  return std::shared_ptr<WatchBell>(new WatchBell(std::move(bell.value())));
}

void WatchBell::fire(uint64_t token) {
  {
    const std::lock_guard lock(mutex_);
    fired_.push_back(token);
  }
  bell_.ring();
}

void WatchBell::take_fired(std::vector<uint64_t>& tokens) {
  // Silenced first: what fires after that rings again.
  bell_.silence();
  const std::lock_guard lock(mutex_);
  tokens.insert(tokens.end(), fired_.begin(), fired_.end());
  fired_.clear();
}

// One thread and its semaphores. `mutex_` guards the slots; `change_` is bumped after each change
// that the thread must see, and is the first word it sleeps on.
class SemaphoreWatch::Group {
 public:
  [[nodiscard]] Outcome start() {
    // The host's signals belong to the host's threads. SIGBUS comes of what this one touches, and
    // the kernel ends a process that blocks it then.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigdelset(&all, SIGBUS);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int code = pthread_create(
        &thread_, nullptr,
        [](void* group) -> void* {
          static_cast<Group*>(group)->run();
          return nullptr;
        },
        this);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (code != 0) return system_failure("pthread_create", code);
    pthread_setname_np(thread_, "coroipc-watch");
    return Nothing{};
  }

  // Ends the thread and waits for it; every watch is gone afterwards.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (Slot& slot : slots_) disarm_locked(slot);
    }
    announce();
    pthread_join(thread_, nullptr);
  }

  [[nodiscard]] bool full() const { return used_ == kPerThread; }
  [[nodiscard]] bool empty() const { return used_ == 0; }

  uint32_t add(Semaphore* semaphore, std::shared_ptr<const void> memory,
               std::shared_ptr<WatchBell> bell, uint64_t token) {
    const std::lock_guard lock(mutex_);
    uint32_t at = 0;
    while (slots_[at].semaphore != nullptr) ++at;
    slots_[at] = {semaphore, std::move(memory), std::move(bell), token, false};
    ++used_;
    return at;
  }

  [[nodiscard]] bool arm(uint32_t at) {
    {
      const std::lock_guard lock(mutex_);
      Slot& slot = slots_[at];
      if (slot.armed) return true;
      // Registered before the look, so that a post after the look finds a sleeper to wake.
      slot.semaphore->add_waiter();
      if (slot.semaphore->available()) {
        slot.semaphore->remove_waiter();
        return false;
      }
      slot.armed = true;
    }
    announce();
    return true;
  }

  void remove(uint32_t at) {
    {
      const std::lock_guard lock(mutex_);
      disarm_locked(slots_[at]);
      slots_[at] = Slot{};
      --used_;
    }
    announce();
  }

 private:
  struct Slot {
    Semaphore* semaphore = nullptr;  // null: free
    std::shared_ptr<const void> memory;
    std::shared_ptr<WatchBell> bell;
    uint64_t token = 0;
    bool armed = false;
  };

  // What the thread sleeps on, and the memory that it must keep for that long.
  struct Sleep {
    std::array<FutexWait, kPerThread + 1> waits;
    size_t count = 0;
    std::array<std::shared_ptr<const void>, kPerThread> memory;
    size_t kept = 0;
  };

  static void disarm_locked(Slot& slot) {
    if (!slot.armed) return;
    slot.armed = false;
    slot.semaphore->remove_waiter();
  }

  void announce() {
    change_.fetch_add(1, std::memory_order_seq_cst);
    futex_wake(change_word(), 1);
  }

  [[nodiscard]] const uint32_t* change_word() const {
    return reinterpret_cast<const uint32_t*>(&change_);
  }

  void run() {
    Sleep sleep;
    while (prepare(sleep)) {
      const std::span waits(sleep.waits.data(), sleep.count);
      // Where the kernel cannot wait for several words, look at them every millisecond instead,
      // and only while there are any.
      if (!futex_wait_any(waits))
        futex_wait(waits[0].word, waits[0].expected, waits.size() > 1 ? kFallbackPeriodNs : kNever);
    }
  }

  // Fires what is available and lists the rest. False: the thread is to end.
  bool prepare(Sleep& sleep) {
    // Dropped outside the lock: the last owner of a mapping unmaps it.
    for (size_t i = 0; i < sleep.kept; ++i) sleep.memory[i].reset();
    sleep.kept = 0;
    sleep.waits[0] = {change_word(), change_.load(std::memory_order_seq_cst)};
    sleep.count = 1;
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    for (Slot& slot : slots_) {
      if (!slot.armed) continue;
      if (slot.semaphore->available()) {
        disarm_locked(slot);
        slot.bell->fire(slot.token);
        continue;
      }
      sleep.waits[sleep.count++] = {slot.semaphore->word(), 0};
      sleep.memory[sleep.kept++] = slot.memory;
    }
    return true;
  }

  pthread_t thread_{};
  std::mutex mutex_;
  std::atomic<uint32_t> change_{0};
  bool stopping_ = false;
  size_t used_ = 0;  // owner's thread only
  std::array<Slot, kPerThread> slots_;
};

SemaphoreWatch::SemaphoreWatch() = default;

SemaphoreWatch::~SemaphoreWatch() {
  for (const std::unique_ptr<Group>& group : groups_)
    if (group != nullptr) group->stop();
}

Result<SemaphoreWatch::Handle> SemaphoreWatch::add(Semaphore* semaphore,
                                                   std::shared_ptr<const void> memory,
                                                   std::shared_ptr<WatchBell> bell,
                                                   uint64_t token) {
  uint32_t at = 0;
  while (at < groups_.size() && groups_[at] != nullptr && groups_[at]->full()) ++at;
  if (at == groups_.size()) groups_.emplace_back();
  if (groups_[at] == nullptr) {
    auto group = std::make_unique<Group>();
    if (Outcome started = group->start(); !started.ok()) return started.failure();
    groups_[at] = std::move(group);
  }
  return Handle{at, groups_[at]->add(semaphore, std::move(memory), std::move(bell), token), true};
}

bool SemaphoreWatch::arm(const Handle& handle) { return groups_[handle.group]->arm(handle.slot); }

void SemaphoreWatch::remove(Handle& handle) {
  if (!handle.valid) return;
  std::unique_ptr<Group>& group = groups_[handle.group];
  group->remove(handle.slot);
  handle.valid = false;
  if (!group->empty()) return;
  group->stop();
  group.reset();
}

size_t SemaphoreWatch::threads() const {
  size_t count = 0;
  for (const std::unique_ptr<Group>& group : groups_) count += group == nullptr ? 0 : 1;
  return count;
}

}  // namespace coroipc::sys
