// One epoll set, with a bell in it that any thread may ring. It knows nothing of JavaScript.
//
// Watches are told apart by numbers that their owner gives, from 1 on, and never uses twice:
// readiness of a watch that was removed carries a number that nobody knows any more. Ready
// descriptors come round robin, however few are asked for at a time: the kernel puts what it has
// reported at the end of its list.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "sys/descriptors.h"
#include "sys/fd.h"
#include "sys/result.h"

namespace coroipc::epoll {

// What became ready: a watch, and poll(2)'s bits.
struct Ready {
  uint64_t watch;
  uint32_t events;
};

class EpollSet {
 public:
  // The bell's number: it is silenced when it is reported.
  static constexpr uint64_t kBell = 0;

  [[nodiscard]] static sys::Result<std::unique_ptr<EpollSet>> make();

  // Readable while anything in it is ready.
  [[nodiscard]] int fd() const { return set_.get(); }

  [[nodiscard]] sys::Outcome add(int fd, uint64_t watch, uint32_t events);
  [[nodiscard]] sys::Outcome modify(int fd, uint64_t watch, uint32_t events);
  // Nothing happens for a descriptor that is not in the set, or was closed.
  void remove(int fd);

  // Waits for readiness, `timeout_ms` at the most (negative: for ever), and fills `ready` from its
  // beginning; how many there were. A signal's handler ends the wait early.
  [[nodiscard]] sys::Result<size_t> wait(std::span<Ready> ready, int timeout_ms);

  // From any thread.
  void ring() { bell_.ring(); }
  void ask_to_stop();
  // Whether somebody asked since this was last asked.
  [[nodiscard]] bool take_stop() { return stop_.exchange(false); }

  EpollSet(const EpollSet&) = delete;
  EpollSet& operator=(const EpollSet&) = delete;

 private:
  EpollSet(sys::Fd set, sys::Bell bell) : set_(std::move(set)), bell_(std::move(bell)) {}

  const sys::Fd set_;
  const sys::Bell bell_;
  std::atomic<bool> stop_ = false;
};

}  // namespace coroipc::epoll
