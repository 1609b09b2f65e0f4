// The loops' functions in JavaScript.

#include <poll.h>

#include <array>
#include <span>
#include <utility>

#include "epoll/border.h"

namespace coroipc::epoll {
namespace {

using Loop = std::unique_ptr<EpollSet>;

constexpr uint32_t kAsked = POLLIN | POLLOUT;
constexpr size_t kMostReady = 64;
constexpr size_t kWords = 2;  // watch, events

Loop* loop_of(const Napi::CallbackInfo& info, size_t count) {
  return thing_of(info, state_of(info).loops, count);
}

// loopOpen(): loop
Napi::Value loop_open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  sys::Result<Loop> made = EpollSet::make();
  if (!made.ok()) {
    throw_failure(env, made.failure(), "cannot open an epoll loop");
    return env.Undefined();
  }
  const uint64_t number = publish(*made.value());
  state_of(info).loops.emplace(number, std::move(made.value()));
  return Napi::Number::New(env, static_cast<double>(number));
}

// loopFd(loop): fd
Napi::Value loop_fd(const Napi::CallbackInfo& info) {
  const Loop* loop = loop_of(info, 1);
  if (loop == nullptr) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), (*loop)->fd());
}

// Whether a watch has a number of its own: 0 is the bell's.
bool watch_fits(const Napi::CallbackInfo& info) {
  if (number_at(info, 2) != EpollSet::kBell) return true;
  Napi::RangeError::New(info.Env(), "argument 2 must not be 0").ThrowAsJavaScriptException();
  return false;
}

// loopAdd(loop, fd, watch, events)
void loop_add(const Napi::CallbackInfo& info) {
  Loop* loop = loop_of(info, 4);
  if (loop == nullptr || !watch_fits(info)) return;
  const int fd = int_at(info, 1);
  const auto events = static_cast<uint32_t>(int_at(info, 3)) & kAsked;
  const sys::Outcome added = (*loop)->add(fd, number_at(info, 2), events);
  if (added.ok()) return;
  throw_failure(info.Env(), added.failure(), "cannot watch descriptor " + std::to_string(fd));
}

// loopModify(loop, fd, watch, events): whether the descriptor is still what was added
Napi::Value loop_modify(const Napi::CallbackInfo& info) {
  Loop* loop = loop_of(info, 4);
  if (loop == nullptr || !watch_fits(info)) return info.Env().Undefined();
  const auto events = static_cast<uint32_t>(int_at(info, 3)) & kAsked;
  const bool known = (*loop)->modify(int_at(info, 1), number_at(info, 2), events).ok();
  return Napi::Boolean::New(info.Env(), known);
}

// loopRemove(loop, fd)
void loop_remove(const Napi::CallbackInfo& info) {
  Loop* loop = loop_of(info, 2);
  if (loop != nullptr) (*loop)->remove(int_at(info, 1));
}

// loopWait(loop, timeoutMs, ready, most): how many pairs of watch and events are in `ready`, `most`
// at the most
Napi::Value loop_wait(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Loop* loop = loop_of(info, 2);
  if (loop == nullptr) return env.Undefined();
  const bool array = info[2].IsTypedArray() &&
                     info[2].As<Napi::TypedArray>().TypedArrayType() == napi_float64_array;
  if (!array || !info[3].IsNumber()) {
    Napi::TypeError::New(env, "arguments 2 and 3 must be a Float64Array and a number")
        .ThrowAsJavaScriptException();
    return env.Undefined();
  }
  auto words = info[2].As<Napi::Float64Array>();
  std::array<Ready, kMostReady> ready;
  const size_t room = std::min(
      {ready.size(), words.ElementLength() / kWords, static_cast<size_t>(number_at(info, 3))});
  if (room == 0) return Napi::Number::New(env, 0);
  sys::Result<size_t> count = (*loop)->wait(std::span(ready).first(room), int_at(info, 1));
  if (!count.ok()) {
    throw_failure(env, count.failure(), "cannot wait");
    return env.Undefined();
  }
  double* word = words.Data();
  for (size_t i = 0; i < count.value(); ++i) {
    *word++ = static_cast<double>(ready[i].watch);
    *word++ = ready[i].events;
  }
  return Napi::Number::New(env, static_cast<double>(count.value()));
}

// loopRing(loop): ends a wait, from any call-back
void loop_ring(const Napi::CallbackInfo& info) {
  Loop* loop = loop_of(info, 1);
  if (loop != nullptr) (*loop)->ring();
}

// loopStop(loop): whether there is such a loop, of this thread or of another
Napi::Value loop_stop(const Napi::CallbackInfo& info) {
  if (!numbers(info, 1)) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), stop(number_at(info, 0)));
}

// loopTakeStop(loop): whether somebody asked to stop since the last call
Napi::Value loop_take_stop(const Napi::CallbackInfo& info) {
  Loop* loop = loop_of(info, 1);
  if (loop == nullptr) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), (*loop)->take_stop());
}

// loopClose(loop)
void loop_close(const Napi::CallbackInfo& info) {
  if (loop_of(info, 1) == nullptr) return;
  withdraw(number_at(info, 0));
  state_of(info).loops.erase(number_at(info, 0));
}

}  // namespace

void export_loops(Napi::Env env, Napi::Object exports, State& state) {
  exports.Set("loopOpen", Napi::Function::New<loop_open>(env, "loopOpen", &state));
  exports.Set("loopFd", Napi::Function::New<loop_fd>(env, "loopFd", &state));
  exports.Set("loopAdd", Napi::Function::New<loop_add>(env, "loopAdd", &state));
  exports.Set("loopModify", Napi::Function::New<loop_modify>(env, "loopModify", &state));
  exports.Set("loopRemove", Napi::Function::New<loop_remove>(env, "loopRemove", &state));
  exports.Set("loopWait", Napi::Function::New<loop_wait>(env, "loopWait", &state));
  exports.Set("loopRing", Napi::Function::New<loop_ring>(env, "loopRing", &state));
  exports.Set("loopStop", Napi::Function::New<loop_stop>(env, "loopStop", &state));
  exports.Set("loopTakeStop", Napi::Function::New<loop_take_stop>(env, "loopTakeStop", &state));
  exports.Set("loopClose", Napi::Function::New<loop_close>(env, "loopClose", &state));
}

}  // namespace coroipc::epoll
