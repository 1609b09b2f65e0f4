// One epoll set, and one thread that waits for it. The thread collects what is ready and wakes
// whoever asked; it knows nothing of JavaScript.
//
// A descriptor is reported once and then rests until it is armed again, so what is collected never
// exceeds what is watched. Watches are told apart by ids that are never used twice: readiness of a
// watch that was removed carries an id that nobody knows any more.
#pragma once

#include <pthread.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "sys/descriptors.h"
#include "sys/fd.h"
#include "sys/result.h"

namespace coroipc::js {

class WatchThread {
 public:
  // Called when there is something to take: once, until it was taken. By the thread, or by
  // `report` on its caller's.
  using Wake = void (*)(void* context);
  // Ready events by id.
  using Ready = std::unordered_map<uint64_t, uint32_t>;

  // Nothing is watched, and `wake` is not called, before `start`.
  [[nodiscard]] static sys::Result<std::unique_ptr<WatchThread>> make();
  [[nodiscard]] sys::Outcome start(Wake wake, void* context);
  // Ends the thread and waits for its end; after that `wake` is not called any more.
  ~WatchThread();

  // All of these are for the one thread that owns the object.
  [[nodiscard]] sys::Outcome add(int fd, uint64_t id, uint32_t events);
  // Reports the descriptor once more. Hang-up is reported whatever is asked for.
  [[nodiscard]] sys::Outcome arm(int fd, uint64_t id, uint32_t events);
  void remove(int fd);
  // Makes `events` part of what is to be taken.
  void report(uint64_t id, uint32_t events);
  // What became ready since the last call.
  [[nodiscard]] Ready take();

  WatchThread(const WatchThread&) = delete;
  WatchThread& operator=(const WatchThread&) = delete;

 private:
  WatchThread(sys::Fd set, sys::Bell stop) : set_(std::move(set)), stop_(std::move(stop)) {}
  void run();

  const sys::Fd set_;
  const sys::Bell stop_;
  Wake wake_ = nullptr;
  void* context_ = nullptr;
  bool running_ = false;
  pthread_t thread_{};

  std::mutex mutex_;  // guards what follows
  Ready ready_;
  bool woken_ = false;
};

}  // namespace coroipc::js
