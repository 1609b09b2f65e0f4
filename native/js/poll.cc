#include "js/poll.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <limits>
#include <vector>

#include "js/convert.h"
#include "sys/clock.h"
#include "sys/result.h"

namespace coroipc::js {
namespace {

constexpr size_t kWords = 3;  // fd, events, revents

int wait(std::vector<pollfd>& entries, double timeout_ms) {
  const int64_t deadline = sys::deadline_after_ms(timeout_ms);
  for (;;) {
    int left = -1;
    if (deadline != sys::kNever) {
      // Rounded up, so as not to spin through the last millisecond.
      const int64_t ms = (std::max<int64_t>(deadline - sys::now_ns(), 0) + 999'999) / 1'000'000;
      left = static_cast<int>(std::min<int64_t>(ms, std::numeric_limits<int>::max()));
    }
    const int ready = ::poll(entries.data(), entries.size(), left);
    if (ready >= 0 || errno != EINTR) return ready;
  }
}

Napi::Value poll_descriptors(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const bool array =
      info[0].IsTypedArray() && info[0].As<Napi::TypedArray>().TypedArrayType() == napi_int32_array;
  if (!array || info[0].As<Napi::TypedArray>().ElementLength() % kWords != 0 ||
      !info[1].IsNumber()) {
    Napi::TypeError::New(env, "poll takes an Int32Array of triples and a number of milliseconds")
        .ThrowAsJavaScriptException();
    return env.Undefined();
  }
  auto triples = info[0].As<Napi::Int32Array>();
  std::vector<pollfd> entries(triples.ElementLength() / kWords);
  for (size_t i = 0; i < entries.size(); ++i) {
    entries[i] = {triples[i * kWords], static_cast<short>(triples[i * kWords + 1]), 0};
  }
  const int ready = wait(entries, info[1].As<Napi::Number>().DoubleValue());
  if (ready < 0) {
    throw_failure(env, sys::system_failure("poll"), "cannot poll");
    return env.Undefined();
  }
  int32_t* words = triples.Data();
  for (size_t i = 0; i < entries.size(); ++i) words[i * kWords + 2] = entries[i].revents;
  return Napi::Number::New(env, ready);
}

}  // namespace

void export_poll(Napi::Env env, Napi::Object exports) {
  exports.Set("poll", Napi::Function::New<poll_descriptors>(env, "poll"));
}

}  // namespace coroipc::js
