// Watches many semaphores with few threads, and rings a bell when one of them is posted. The
// classic wire knows no other way to hear a peer; the bell turns it into a descriptor that any
// poll system can watch.
//
// A thread serves up to kPerThread semaphores, of any number of owners, and lives as long as it
// has any. A watch is one shot: it is armed, fires once, and is armed anew by its owner. All is
// called from one thread. The watched memory is kept alive until the thread has looked away from
// it, so removing a watch never waits.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "sys/descriptors.h"
#include "sys/semaphore.h"

namespace coroipc::sys {

// An owner's bell, and the tokens of its watches that fired.
class WatchBell {
 public:
  [[nodiscard]] static Result<std::shared_ptr<WatchBell>> make();

  // Readable while something fired that was not taken.
  [[nodiscard]] int fd() const { return bell_.fd(); }
  // Makes fd() readable, so that the owner is called again in the loop's next turn.
  void ring() const { bell_.ring(); }
  // Any thread: notes that a watch fired.
  void fire(uint64_t token);
  // Appends the tokens that fired to `tokens`, and silences the bell.
  void take_fired(std::vector<uint64_t>& tokens);

 private:
  explicit WatchBell(Bell bell) : bell_(std::move(bell)) {}
  Bell bell_;
  std::mutex mutex_;
  std::vector<uint64_t> fired_;
};

class SemaphoreWatch {
 public:
  static constexpr size_t kPerThread = 100;

  // Names one watch.
  struct Handle {
    uint32_t group = 0;
    uint32_t slot = 0;
    bool valid = false;
  };

  SemaphoreWatch();
  ~SemaphoreWatch();
  SemaphoreWatch(const SemaphoreWatch&) = delete;
  SemaphoreWatch& operator=(const SemaphoreWatch&) = delete;

  // NO_RESOURCES when no further thread can be had.
  [[nodiscard]] Result<Handle> add(Semaphore* semaphore, std::shared_ptr<const void> memory,
                                   std::shared_ptr<WatchBell> bell, uint64_t token);
  // False: the semaphore is available already; the watch stays disarmed and will not fire.
  [[nodiscard]] bool arm(const Handle& handle);
  void remove(Handle& handle);
  // Threads that run now.
  [[nodiscard]] size_t threads() const;

 private:
  class Group;
  std::vector<std::unique_ptr<Group>> groups_;
};

}  // namespace coroipc::sys
