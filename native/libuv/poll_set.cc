#include "libuv/poll_set.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <utility>

#include "libuv/ready_callback.h"

namespace coroipc::libuv {
namespace {

constexpr int kAlways = POLLERR | POLLHUP | POLLNVAL;

// What poll(2) says of one descriptor now.
int poll_now(int fd, int events) {
  pollfd entry{fd, static_cast<short>(events), 0};
  // A call that does not wait is not interrupted; any failure is taken as "nothing", which the next
  // turn sets right.
  return ::poll(&entry, 1, 0) > 0 ? entry.revents : 0;
}

bool is_socket(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

struct PollSet::Watch {
  int64_t handle = 0;
  int fd = -1;
  int interest = 0;
  bool ref = true;
  bool socket = false;
  // The peer has shut its sending side down: UV_DISCONNECT says nothing new any more.
  bool half_closed = false;
  bool invalid = false;
  Napi::FunctionReference on_ready;
  // `direct` watches the descriptor; `quiet`, made at need, watches `quiet_set`, which holds the
  // descriptor and asks for nothing but hang-up. At most one of the two is started.
  PollSource::Ptr direct;
  PollSource::Ptr quiet;
  int quiet_set = -1;

  ~Watch() {
    direct.reset();
    quiet.reset();
    if (quiet_set >= 0) ::close(quiet_set);
  }
};

PollSet::PollSet(uv_loop_t* loop, int trial_set) : loop_(loop), trial_set_(trial_set) {
  uv_prepare_init(loop, &prepare_);
  uv_unref(reinterpret_cast<uv_handle_t*>(&prepare_));
  prepare_.data = this;
  uv_idle_init(loop, &idle_);
  idle_.data = this;
}

PollSet::~PollSet() { ::close(trial_set_); }

PollSet* PollSet::create(napi_env env, int& error) {
  uv_loop_t* loop = nullptr;
  error = UV_EINVAL;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return nullptr;
  const int trial_set = ::epoll_create1(EPOLL_CLOEXEC);
  error = -errno;
  if (trial_set < 0) return nullptr;
  auto* set = new PollSet(loop, trial_set);
  const napi_status status = napi_add_async_cleanup_hook(
      env,
      [](napi_async_cleanup_hook_handle, void* data) {
        static_cast<PollSet*>(data)->begin_close();
      },
      set, &set->cleanup_);
  error = status == napi_ok ? 0 : UV_ENOMEM;
  // Without the hook nothing would close the handles: the process is out of memory or ending.
  if (status != napi_ok) set->begin_close();
  return status == napi_ok ? set : nullptr;
}

int64_t PollSet::add(int fd, int events, Napi::Function on_ready) {
  if (by_fd_.contains(fd)) return UV_EEXIST;
  const int64_t handle = next_handle_++;
  Watch& watch = watches_[handle];
  const int error = PollSource::open(loop_, fd, *this, &watch, watch.direct);
  if (error != 0) {
    watches_.erase(handle);
    return error;
  }
  ++open_handles_;
  watch.handle = handle;
  watch.fd = fd;
  watch.socket = is_socket(fd);
  watch.on_ready = Napi::Persistent(on_ready);
  by_fd_.emplace(fd, handle);
  const int armed = arm(watch, events);
  if (armed == 0) return handle;
  erase(watches_.find(handle));
  return armed;
}

int PollSet::modify(int64_t handle, int events) {
  const auto found = watches_.find(handle);
  if (found == watches_.end()) return UV_ENOENT;
  Watch& watch = found->second;
  if (watch.interest == events && !watch.invalid) return 0;
  return arm(watch, events);
}

bool PollSet::remove(int64_t handle) {
  const auto found = watches_.find(handle);
  if (found == watches_.end()) return false;
  erase(found);
  return true;
}

bool PollSet::set_ref(int64_t handle, bool ref) {
  const auto found = watches_.find(handle);
  if (found == watches_.end()) return false;
  Watch& watch = found->second;
  watch.ref = ref;
  watch.direct->set_ref(ref);
  if (watch.quiet) watch.quiet->set_ref(ref);
  if (watch.invalid) update_idle();
  return true;
}

void PollSet::erase(std::map<int64_t, Watch>::iterator watch) {
  const bool was_invalid = watch->second.invalid;
  by_fd_.erase(watch->second.fd);
  std::erase(invalid_, watch->first);
  watches_.erase(watch);
  if (was_invalid) update_idle();
}

// Makes what libuv watches agree with `events`. Called also to start what libuv has stopped.
int PollSet::arm(Watch& watch, int events) {
  if (!pollable(watch.fd)) {
    watch.interest = events;
    mark_invalid(watch);
    return 0;
  }
  if (events == 0) {
    const int error = open_quiet(watch);
    if (error != 0) return error;
  }
  watch.interest = events;
  if (watch.invalid) {
    watch.invalid = false;
    std::erase(invalid_, watch.handle);
    update_idle();
  }
  if (watch.interest == 0) {
    watch.direct->stop();
    watch.quiet->start(UV_READABLE);
    return 0;
  }
  if (watch.quiet) watch.quiet->stop();
  watch.direct->start(((watch.interest & POLLIN) != 0 ? UV_READABLE : 0) |
                      ((watch.interest & POLLOUT) != 0 ? UV_WRITABLE : 0) |
                      (watch.half_closed ? 0 : UV_DISCONNECT));
  if (fresh_.empty()) {
    uv_prepare_start(&prepare_,
                     [](uv_prepare_t* self) { static_cast<PollSet*>(self->data)->check_fresh(); });
  }
  fresh_.push_back(watch.handle);
  return 0;
}

int PollSet::open_quiet(Watch& watch) {
  if (watch.quiet_set < 0) {
    watch.quiet_set = ::epoll_create1(EPOLL_CLOEXEC);
    if (watch.quiet_set < 0) return -errno;
  }
  // Entered anew each time: a descriptor that was closed in between has left the set by itself.
  epoll_event nothing{};
  ::epoll_ctl(watch.quiet_set, EPOLL_CTL_DEL, watch.fd, &nothing);
  // One that epoll refuses is found by `arm`, which reports it.
  ::epoll_ctl(watch.quiet_set, EPOLL_CTL_ADD, watch.fd, &nothing);
  if (watch.quiet) return 0;
  const int error = PollSource::open(loop_, watch.quiet_set, *this, &watch, watch.quiet);
  if (error != 0) return error;
  ++open_handles_;
  watch.quiet->set_ref(watch.ref);
  return 0;
}

bool PollSet::pollable(int fd) const {
  epoll_event nothing{};
  if (::epoll_ctl(trial_set_, EPOLL_CTL_ADD, fd, &nothing) != 0) return false;
  ::epoll_ctl(trial_set_, EPOLL_CTL_DEL, fd, &nothing);
  return true;
}

void PollSet::mark_invalid(Watch& watch) {
  watch.direct->stop();
  if (watch.quiet) watch.quiet->stop();
  if (watch.invalid) return;
  watch.invalid = true;
  invalid_.push_back(watch.handle);
  update_idle();
}

// libuv registers started handles after this call, with nothing of JavaScript in between.
void PollSet::check_fresh() {
  uv_prepare_stop(&prepare_);
  for (const int64_t handle : std::exchange(fresh_, {})) {
    const auto found = watches_.find(handle);
    if (found != watches_.end() && !pollable(found->second.fd)) mark_invalid(found->second);
  }
}

void PollSet::update_idle() {
  auto* handle = reinterpret_cast<uv_handle_t*>(&idle_);
  bool ref = false;
  for (const int64_t invalid : invalid_) ref = ref || watches_.at(invalid).ref;
  if (ref) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
  if (invalid_.empty()) {
    uv_idle_stop(&idle_);
  } else {
    uv_idle_start(&idle_,
                  [](uv_idle_t* self) { static_cast<PollSet*>(self->data)->report_invalid(); });
  }
}

void PollSet::report_invalid() {
  // A copy, for the call-backs may change the list; each is looked up again before its call.
  const std::vector<int64_t> now = invalid_;
  for (const int64_t handle : now) {
    const auto found = watches_.find(handle);
    if (found != watches_.end() && found->second.invalid) {
      call_ready(found->second.on_ready, POLLNVAL);
    }
  }
}

void PollSet::on_wake(void* context, int status, int events) {
  Watch& watch = *static_cast<Watch*>(context);
  const bool plain = status == 0 && events == UV_READABLE && watch.socket && !watch.half_closed &&
                     watch.interest != 0;
  int revents = POLLIN;
  if (!plain) revents = poll_now(watch.fd, watch.interest);
  // Neither can fail: only a source that is asked for nothing for the first time is made anew.
  if (status != 0) {
    static_cast<void>(arm(watch, watch.interest));
  } else if ((events & UV_DISCONNECT) != 0 && (revents & kAlways) == 0) {
    watch.half_closed = true;
    static_cast<void>(arm(watch, watch.interest));
  }
  revents &= watch.interest | kAlways;
  if (revents != 0) call_ready(watch.on_ready, revents);
}

void PollSet::begin_close() {
  closing_ = true;
  while (!watches_.empty()) erase(std::prev(watches_.end()));
  const auto closed = [](uv_handle_t* handle) { static_cast<PollSet*>(handle->data)->on_closed(); };
  uv_close(reinterpret_cast<uv_handle_t*>(&prepare_), closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&idle_), closed);
}

void PollSet::on_closed() {
  --open_handles_;
  if (!closing_ || open_handles_ != 0) return;
  if (cleanup_ != nullptr) napi_remove_async_cleanup_hook(cleanup_);
  delete this;
}

}  // namespace coroipc::libuv
