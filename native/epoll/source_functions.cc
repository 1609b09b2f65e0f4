// The functions of timers and signals in JavaScript.

#include <utility>

#include "epoll/border.h"
#include "sys/clock.h"

namespace coroipc::epoll {
namespace {

using Signal = std::unique_ptr<sys::SignalPipe>;

constexpr double kMostMs = 9e12;

// timerOpen(): timer
Napi::Value timer_open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  sys::Result<sys::Timer> made = sys::Timer::make();
  if (!made.ok()) {
    throw_failure(env, made.failure(), "cannot open a timer");
    return env.Undefined();
  }
  State& state = state_of(info);
  const uint64_t number = state.next++;
  state.timers.emplace(number, std::move(made.value()));
  return Napi::Number::New(env, static_cast<double>(number));
}

// timerFd(timer): fd
Napi::Value timer_fd(const Napi::CallbackInfo& info) {
  const sys::Timer* timer = thing_of(info, state_of(info).timers, 1);
  if (timer == nullptr) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), timer->fd());
}

// timerSet(timer, afterMs, everyMs): `afterMs` negative stops it; `everyMs` 0 is once
void timer_set(const Napi::CallbackInfo& info) {
  sys::Timer* timer = thing_of(info, state_of(info).timers, 3);
  if (timer == nullptr) return;
  const double every_ms = info[2].As<Napi::Number>().DoubleValue();
  const bool again = every_ms > 0 && every_ms < kMostMs;
  timer->set(sys::deadline_after_ms(info[1].As<Napi::Number>().DoubleValue()),
             again ? static_cast<int64_t>(every_ms * 1e6) : 0);
}

// timerTake(timer): how often its time has passed since the last call
Napi::Value timer_take(const Napi::CallbackInfo& info) {
  const sys::Timer* timer = thing_of(info, state_of(info).timers, 1);
  if (timer == nullptr) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(timer->take()));
}

// timerClose(timer)
void timer_close(const Napi::CallbackInfo& info) {
  if (numbers(info, 1)) state_of(info).timers.erase(number_at(info, 0));
}

// signalOpen(number): signal
Napi::Value signal_open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!numbers(info, 1)) return env.Undefined();
  sys::Result<Signal> made = sys::SignalPipe::open(int_at(info, 0));
  if (!made.ok()) {
    throw_failure(env, made.failure(), "cannot watch signal " + std::to_string(int_at(info, 0)));
    return env.Undefined();
  }
  State& state = state_of(info);
  const uint64_t number = state.next++;
  state.signals.emplace(number, std::move(made.value()));
  return Napi::Number::New(env, static_cast<double>(number));
}

// signalFd(signal): fd
Napi::Value signal_fd(const Napi::CallbackInfo& info) {
  const Signal* signal = thing_of(info, state_of(info).signals, 1);
  if (signal == nullptr) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), (*signal)->fd());
}

// signalTake(signal): [pid, uid] of the next that waits, or undefined
Napi::Value signal_take(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Signal* signal = thing_of(info, state_of(info).signals, 1);
  if (signal == nullptr) return env.Undefined();
  const std::optional<sys::SignalNews> news = (*signal)->take();
  if (!news.has_value()) return env.Undefined();
  Napi::Array sender = Napi::Array::New(env, 2);
  sender.Set(0U, Napi::Number::New(env, news->pid));
  sender.Set(1U, Napi::Number::New(env, news->uid));
  return sender;
}

// signalClose(signal)
void signal_close(const Napi::CallbackInfo& info) {
  if (numbers(info, 1)) state_of(info).signals.erase(number_at(info, 0));
}

}  // namespace

void export_timers(Napi::Env env, Napi::Object exports, State& state) {
  exports.Set("timerOpen", Napi::Function::New<timer_open>(env, "timerOpen", &state));
  exports.Set("timerFd", Napi::Function::New<timer_fd>(env, "timerFd", &state));
  exports.Set("timerSet", Napi::Function::New<timer_set>(env, "timerSet", &state));
  exports.Set("timerTake", Napi::Function::New<timer_take>(env, "timerTake", &state));
  exports.Set("timerClose", Napi::Function::New<timer_close>(env, "timerClose", &state));
}

void export_signals(Napi::Env env, Napi::Object exports, State& state) {
  exports.Set("signalOpen", Napi::Function::New<signal_open>(env, "signalOpen", &state));
  exports.Set("signalFd", Napi::Function::New<signal_fd>(env, "signalFd", &state));
  exports.Set("signalTake", Napi::Function::New<signal_take>(env, "signalTake", &state));
  exports.Set("signalClose", Napi::Function::New<signal_close>(env, "signalClose", &state));
}

}  // namespace coroipc::epoll
