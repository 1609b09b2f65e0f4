// The border between the loop and JavaScript: arguments on their way in, errors on their way out.
// The TypeScript side has checked what users hand over; what memory safety rests on is checked
// again. Every reader here throws and says so by what it returns; the caller then returns at once.
#pragma once

#include <napi.h>

#include <cstdint>
#include <map>
#include <string>

#include "epoll/state.h"
#include "sys/result.h"

namespace coroipc::epoll {

[[nodiscard]] inline State& state_of(const Napi::CallbackInfo& info) {
  return *static_cast<State*>(info.Data());
}

// An Error as Node's own are: `code`, `errno` (positive) and `syscall`.
void throw_failure(Napi::Env env, const sys::Failure& failure, const std::string& what);

// Whether the first `count` arguments are numbers; a TypeError is pending when they are not.
[[nodiscard]] bool numbers(const Napi::CallbackInfo& info, size_t count);

// For arguments that `numbers` has seen.
[[nodiscard]] inline uint64_t number_at(const Napi::CallbackInfo& info, size_t index) {
  return static_cast<uint64_t>(info[index].As<Napi::Number>().Int64Value());
}
[[nodiscard]] inline int int_at(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Int32Value();
}

// What the first argument names; null when it names nothing, or one of `count` is no number.
template <class Thing>
[[nodiscard]] Thing* thing_of(const Napi::CallbackInfo& info, std::map<uint64_t, Thing>& things,
                              size_t count) {
  if (!numbers(info, count)) return nullptr;
  const auto found = things.find(number_at(info, 0));
  if (found != things.end()) return &found->second;
  throw_failure(info.Env(), {Status::kErrBadHandle, ENOENT, ""}, "it is closed");
  return nullptr;
}

void export_loops(Napi::Env env, Napi::Object exports, State& state);
void export_timers(Napi::Env env, Napi::Object exports, State& state);
void export_signals(Napi::Env env, Napi::Object exports, State& state);

}  // namespace coroipc::epoll
