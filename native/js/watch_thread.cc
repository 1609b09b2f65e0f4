#include "js/watch_thread.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

namespace coroipc::js {
namespace {

// The id of the bell that ends the thread; watches are numbered from 1.
constexpr uint64_t kStop = 0;

sys::Outcome control(int set, int operation, int fd, uint64_t id, uint32_t events) {
  epoll_event event{};
  event.events = events | EPOLLONESHOT;
  event.data.u64 = id;
  if (epoll_ctl(set, operation, fd, &event) != 0) return sys::system_failure("epoll_ctl");
  return sys::Nothing{};
}

}  // namespace

sys::Result<std::unique_ptr<WatchThread>> WatchThread::make() {
  sys::Fd set(epoll_create1(EPOLL_CLOEXEC));
  if (!set.open()) return sys::system_failure("epoll_create1");
  sys::Result<sys::Bell> stop = sys::Bell::make();
  if (!stop.ok()) return stop.failure();
  std::unique_ptr<WatchThread> made(new WatchThread(std::move(set), std::move(stop.value())));
  sys::Outcome added = control(made->set_.get(), EPOLL_CTL_ADD, made->stop_.fd(), kStop, EPOLLIN);
  if (!added.ok()) return added.failure();
  return made;
}

sys::Outcome WatchThread::start(Wake wake, void* context) {
  wake_ = wake;
  context_ = context;
  // Signals are for the host's threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = pthread_create(
      &thread_, nullptr,
      [](void* self) -> void* {
        static_cast<WatchThread*>(self)->run();
        return nullptr;
      },
      this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // Its EAGAIN is no invitation to try again: there are as many threads as there may be.
  if (error != 0) return sys::Failure{Status::kErrNoResources, error, "pthread_create"};
  running_ = true;
  pthread_setname_np(thread_, "coroipc-poll");
  return sys::Nothing{};
}

WatchThread::~WatchThread() {
  if (!running_) return;
  stop_.ring();
  pthread_join(thread_, nullptr);
}

sys::Outcome WatchThread::add(int fd, uint64_t id, uint32_t events) {
  return control(set_.get(), EPOLL_CTL_ADD, fd, id, events);
}

sys::Outcome WatchThread::arm(int fd, uint64_t id, uint32_t events) {
  return control(set_.get(), EPOLL_CTL_MOD, fd, id, events);
}

void WatchThread::remove(int fd) {
  // It fails for a descriptor that was closed too early, which has left the set by itself.
  static_cast<void>(control(set_.get(), EPOLL_CTL_DEL, fd, kStop, 0));
}

void WatchThread::report(uint64_t id, uint32_t events) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    ready_[id] |= events;
    wake = !std::exchange(woken_, true);
  }
  if (wake) wake_(context_);
}

WatchThread::Ready WatchThread::take() {
  const std::lock_guard lock(mutex_);
  woken_ = false;
  return std::exchange(ready_, {});
}

void WatchThread::run() {
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count = epoll_wait(set_.get(), events.data(), int{events.size()}, -1);
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      for (size_t i = 0; i < static_cast<size_t>(count < 0 ? 0 : count); ++i) {
        if (events[i].data.u64 == kStop) return;
        ready_[events[i].data.u64] |= events[i].events;
      }
      wake = !ready_.empty() && !std::exchange(woken_, true);
    }
    if (wake) wake_(context_);
  }
}

}  // namespace coroipc::js
