#include "epoll/epoll_set.h"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace coroipc::epoll {
namespace {

// epoll's bits are poll(2)'s.
static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
              EPOLLHUP == POLLHUP);

constexpr size_t kMost = 256;

sys::Outcome control(int set, int operation, int fd, uint64_t watch, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = watch;
  if (epoll_ctl(set, operation, fd, &event) != 0) return sys::system_failure("epoll_ctl");
  return sys::Nothing{};
}

}  // namespace

sys::Result<std::unique_ptr<EpollSet>> EpollSet::make() {
  sys::Fd set(epoll_create1(EPOLL_CLOEXEC));
  if (!set.open()) return sys::system_failure("epoll_create1");
  sys::Result<sys::Bell> bell = sys::Bell::make();
  if (!bell.ok()) return bell.failure();
  const sys::Outcome added = control(set.get(), EPOLL_CTL_ADD, bell.value().fd(), kBell, EPOLLIN);
  if (!added.ok()) return added.failure();
  return std::unique_ptr<EpollSet>(new EpollSet(std::move(set), std::move(bell.value())));
}

sys::Outcome EpollSet::add(int fd, uint64_t watch, uint32_t events) {
  return control(set_.get(), EPOLL_CTL_ADD, fd, watch, events);
}

sys::Outcome EpollSet::modify(int fd, uint64_t watch, uint32_t events) {
  return control(set_.get(), EPOLL_CTL_MOD, fd, watch, events);
}

void EpollSet::remove(int fd) {
  // A descriptor that was closed before has left the set by itself.
  static_cast<void>(control(set_.get(), EPOLL_CTL_DEL, fd, kBell, 0));
}

sys::Result<size_t> EpollSet::wait(std::span<Ready> ready, int timeout_ms) {
  std::array<epoll_event, kMost> events;
  const int most = static_cast<int>(std::min(ready.size(), events.size()));
  const int count = epoll_wait(set_.get(), events.data(), most, timeout_ms);
  if (count < 0) {
    if (errno == EINTR) return size_t{0};
    return sys::system_failure("epoll_wait");
  }
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    ready[i] = {events[i].data.u64, events[i].events};
    if (ready[i].watch == kBell) bell_.silence();
  }
  return static_cast<size_t>(count);
}

void EpollSet::ask_to_stop() {
  stop_.store(true);
  bell_.ring();
}

}  // namespace coroipc::epoll
