#include "js/watcher.h"

#include <poll.h>
#include <sys/epoll.h>

#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>

#include "js/clean_up_hook.h"
#include "js/convert.h"
#include "js/waker.h"
#include "js/watch_thread.h"
#include "sys/result.h"

namespace coroipc::js {
namespace {

// epoll's bits are poll(2)'s.
static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
              EPOLLHUP == POLLHUP);

constexpr uint32_t kAsked = POLLIN | POLLOUT;
constexpr uint32_t kAlways = POLLERR | POLLHUP | POLLNVAL;

// Calls `onReady`, which does not throw: it returns what was thrown, as the only element of an
// array. So a call that fails is never an exception to tell of. It means that JavaScript was
// stopped, in a worker that is being terminated, or in a process that ends over an exception that
// nobody handled; then it is false.
bool call_ready(const Napi::FunctionReference& on_ready, uint32_t revents) {
  const Napi::Env env = on_ready.Env();
  const Napi::HandleScope scope(env);
  const napi_value function = on_ready.Value();
  const napi_value argument = Napi::Number::New(env, revents);
  napi_value result = nullptr;
  if (napi_call_function(env, env.Undefined(), function, 1, &argument, &result) != napi_ok) {
    napi_get_and_clear_last_exception(env, &result);
    return false;
  }
  napi_value thrown = nullptr;
  if (Napi::Value(env, result).IsArray() && napi_get_element(env, result, 0, &thrown) == napi_ok)
    static_cast<void>(napi_fatal_exception(env, thrown));
  return true;
}

// One watcher. Owned by its environment's Watchers; whoever delivers holds it too, so that an
// `onReady` may close it.
class Watcher final : public Woken, public std::enable_shared_from_this<Watcher> {
 public:
  explicit Watcher(Napi::Env env) : env_(env) {}
  ~Watcher() override { close(); }

  [[nodiscard]] sys::Outcome open() {
    sys::Result<std::unique_ptr<WatchThread>> made = WatchThread::make();
    if (!made.ok()) return made.failure();
    if (!waker_.open(env_, weak_from_this())) return sys::system_failure("uv_async_init", ENOMEM);
    // Added after the threadsafe functions, so that it runs before they end: until the thread is
    // joined it may call them.
    hook_.set(
        env_, [](void* watcher) { static_cast<Watcher*>(watcher)->close(); }, this);
    thread_ = std::move(made.value());
    return thread_->start([](void* waker) { static_cast<Waker*>(waker)->wake(); }, &waker_);
  }

  void close() {
    hook_.take_back();
    thread_.reset();
    waker_.close();
    watches_.clear();
    fds_.clear();
  }

  [[nodiscard]] sys::Result<int64_t> add(int fd, Napi::Function on_ready) {
    if (fds_.contains(fd)) return sys::Failure{Status::kErrExist, EEXIST, "epoll_ctl"};
    const int64_t id = next_id_++;
    sys::Outcome added = thread_->add(fd, static_cast<uint64_t>(id), POLLIN);
    if (!added.ok()) return added.failure();
    watches_.emplace(id, Watch{fd, POLLIN, true, Napi::Persistent(on_ready)});
    fds_.insert(fd);
    count_ref(1);
    return id;
  }

  [[nodiscard]] bool modify(int64_t id, uint32_t events) {
    const auto found = watches_.find(id);
    if (found == watches_.end()) return false;
    if (found->second.events != events) {
      found->second.events = events;
      arm(id, found->second);
    }
    return true;
  }

  [[nodiscard]] bool remove(int64_t id) {
    const auto found = watches_.find(id);
    if (found == watches_.end()) return false;
    thread_->remove(found->second.fd);
    fds_.erase(found->second.fd);
    if (found->second.ref) count_ref(-1);
    watches_.erase(found);
    return true;
  }

  [[nodiscard]] bool set_ref(int64_t id, bool ref) {
    const auto found = watches_.find(id);
    if (found == watches_.end()) return false;
    if (found->second.ref != ref) count_ref(ref ? 1 : -1);
    found->second.ref = ref;
    return true;
  }

  // Calls `onReady` for what was collected, and arms what is still watched. Every watch is looked
  // up again before and after its call: each call may remove any watch, or close the watcher.
  void woken() override {
    if (thread_ == nullptr) return;
    for (const auto& [key, events] : thread_->take()) {
      const auto id = static_cast<int64_t>(key);
      auto found = watches_.find(id);
      if (found == watches_.end()) continue;
      const uint32_t revents = events & (found->second.events | kAlways);
      if (revents != 0 && !call_ready(found->second.on_ready, revents)) return;
      if (thread_ == nullptr) return;
      found = watches_.find(id);
      if (found != watches_.end()) arm(id, found->second);
    }
  }

 private:
  struct Watch {
    int fd;
    uint32_t events;
    bool ref;
    Napi::FunctionReference on_ready;
  };

  // A descriptor that cannot be armed was closed under our feet: POLLNVAL, in every turn.
  void arm(int64_t id, const Watch& watch) {
    const auto key = static_cast<uint64_t>(id);
    if (!thread_->arm(watch.fd, key, watch.events).ok()) thread_->report(key, POLLNVAL);
  }

  void count_ref(int change) {
    const int before = refs_;
    refs_ += change;
    if ((before == 0) != (refs_ == 0)) waker_.set_ref(env_, refs_ != 0);
  }

  const Napi::Env env_;
  CleanUpHook hook_;
  Waker waker_;
  std::unique_ptr<WatchThread> thread_;
  std::map<int64_t, Watch> watches_;
  std::unordered_set<int> fds_;
  int64_t next_id_ = 1;
  int refs_ = 0;
};

// The watchers of one environment, by number.
struct Watchers {
  std::map<int64_t, std::shared_ptr<Watcher>> open;
  int64_t next = 1;
};

void throw_type(Napi::Env env, const std::string& what) {
  Napi::TypeError::New(env, what).ThrowAsJavaScriptException();
}

// Null: the arguments were wrong, and an exception is pending.
std::shared_ptr<Watcher> watcher_of(const Napi::CallbackInfo& info, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (!info[i].IsNumber()) {
      throw_type(info.Env(), "argument " + std::to_string(i) + " must be a number");
      return nullptr;
    }
  }
  auto& watchers = *static_cast<Watchers*>(info.Data());
  const auto found = watchers.open.find(info[0].As<Napi::Number>().Int64Value());
  if (found != watchers.open.end()) return found->second;
  throw_status(info.Env(), Status::kErrBadHandle, "no such watcher");
  return nullptr;
}

int64_t handle_of(const Napi::CallbackInfo& info) {
  return info[1].As<Napi::Number>().Int64Value();
}

void must(const Napi::CallbackInfo& info, bool known) {
  if (!known) throw_status(info.Env(), Status::kErrBadHandle, "no such handle of this watcher");
}

Napi::Value watcher_open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto& watchers = *static_cast<Watchers*>(info.Data());
  auto watcher = std::make_shared<Watcher>(env);
  sys::Outcome opened = watcher->open();
  if (!opened.ok()) {
    throw_failure(env, opened.failure(), "cannot open a watcher");
    return env.Undefined();
  }
  const int64_t number = watchers.next++;
  watchers.open.emplace(number, std::move(watcher));
  return Napi::Number::New(env, static_cast<double>(number));
}

Napi::Value watcher_add(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Watcher> watcher = watcher_of(info, 2);
  if (watcher == nullptr) return env.Undefined();
  if (!info[2].IsFunction()) {
    throw_type(env, "argument 2 must be a function");
    return env.Undefined();
  }
  const int fd = info[1].As<Napi::Number>().Int32Value();
  sys::Result<int64_t> added = watcher->add(fd, info[2].As<Napi::Function>());
  if (added.ok()) return Napi::Number::New(env, static_cast<double>(added.value()));
  throw_failure(env, added.failure(), "cannot watch descriptor " + std::to_string(fd));
  return env.Undefined();
}

void watcher_modify(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Watcher> watcher = watcher_of(info, 3);
  if (watcher == nullptr) return;
  must(info, watcher->modify(handle_of(info), info[2].As<Napi::Number>().Uint32Value() & kAsked));
}

void watcher_remove(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Watcher> watcher = watcher_of(info, 2);
  if (watcher != nullptr) must(info, watcher->remove(handle_of(info)));
}

void watcher_ref(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Watcher> watcher = watcher_of(info, 2);
  if (watcher != nullptr) must(info, watcher->set_ref(handle_of(info), is_true(info[2])));
}

void watcher_close(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Watcher> watcher = watcher_of(info, 1);
  if (watcher == nullptr) return;
  static_cast<Watchers*>(info.Data())->open.erase(info[0].As<Napi::Number>().Int64Value());
  watcher->close();
}

}  // namespace

void export_watcher(Napi::Env env, Napi::Object exports) {
  auto* watchers = new Watchers;
  napi_add_env_cleanup_hook(
      env, [](void* data) { delete static_cast<Watchers*>(data); }, watchers);
  exports.Set("watcherOpen", Napi::Function::New<watcher_open>(env, "watcherOpen", watchers));
  exports.Set("watcherAdd", Napi::Function::New<watcher_add>(env, "watcherAdd", watchers));
  exports.Set("watcherModify", Napi::Function::New<watcher_modify>(env, "watcherModify", watchers));
  exports.Set("watcherRemove", Napi::Function::New<watcher_remove>(env, "watcherRemove", watchers));
  exports.Set("watcherRef", Napi::Function::New<watcher_ref>(env, "watcherRef", watchers));
  exports.Set("watcherClose", Napi::Function::New<watcher_close>(env, "watcherClose", watchers));
}

}  // namespace coroipc::js
