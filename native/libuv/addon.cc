// The border of the libuv adapter's addon: four functions over the environment's poll set.
// Arguments were checked by the TypeScript side; what memory safety rests on is checked again.

#include <napi.h>
#include <poll.h>
#include <uv.h>

#include <cstdint>
#include <string>

#include "libuv/poll_set.h"

namespace {

using coroipc::libuv::PollSet;

void throw_error(Napi::Env env, int error, const std::string& what, const char* call = nullptr) {
  Napi::Error thrown = Napi::Error::New(env, what + ": " + uv_strerror(error));
  thrown.Set("code", uv_err_name(error));
  // libuv's errors are the system's, negative.
  thrown.Set("errno", Napi::Number::New(env, -error));
  if (call != nullptr) thrown.Set("syscall", call);
  thrown.ThrowAsJavaScriptException();
}

bool numbers(const Napi::CallbackInfo& info, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (!info[i].IsNumber()) {
      Napi::TypeError::New(info.Env(), "argument " + std::to_string(i) + " must be a number")
          .ThrowAsJavaScriptException();
      return false;
    }
  }
  return true;
}

PollSet& set_of(const Napi::CallbackInfo& info) { return *static_cast<PollSet*>(info.Data()); }

int events_of(const Napi::Value& value) {
  return value.As<Napi::Number>().Int32Value() & (POLLIN | POLLOUT);
}

void unknown_handle(const Napi::CallbackInfo& info) {
  throw_error(info.Env(), UV_ENOENT, "handle " + info[0].As<Napi::Number>().ToString().Utf8Value());
}

// add(fd, events, onReady): handle
Napi::Value add(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!numbers(info, 2)) return env.Undefined();
  if (!info[2].IsFunction()) {
    Napi::TypeError::New(env, "argument 2 must be a function").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const int fd = info[0].As<Napi::Number>().Int32Value();
  const int64_t handle = set_of(info).add(fd, events_of(info[1]), info[2].As<Napi::Function>());
  if (handle > 0) return Napi::Number::New(env, static_cast<double>(handle));
  throw_error(env, static_cast<int>(handle), "cannot watch descriptor " + std::to_string(fd),
              "uv_poll_init");
  return env.Undefined();
}

// modify(handle, events)
void modify(const Napi::CallbackInfo& info) {
  if (!numbers(info, 2)) return;
  const int error =
      set_of(info).modify(info[0].As<Napi::Number>().Int64Value(), events_of(info[1]));
  if (error == UV_ENOENT) return unknown_handle(info);
  if (error != 0)
    throw_error(info.Env(), error, "cannot change what is watched for", "epoll_create1");
}

// remove(handle)
void remove(const Napi::CallbackInfo& info) {
  if (!numbers(info, 1)) return;
  if (!set_of(info).remove(info[0].As<Napi::Number>().Int64Value())) unknown_handle(info);
}

// setRef(handle, ref)
void set_ref(const Napi::CallbackInfo& info) {
  if (!numbers(info, 1)) return;
  if (!set_of(info).set_ref(info[0].As<Napi::Number>().Int64Value(),
                            info[1].As<Napi::Boolean>().Value())) {
    unknown_handle(info);
  }
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  int error = 0;
  PollSet* set = PollSet::create(env, error);
  if (set == nullptr) {
    throw_error(env, error, "cannot set up the libuv poll adapter", "epoll_create1");
    return exports;
  }
  exports.Set("add", Napi::Function::New<add>(env, "add", set));
  exports.Set("modify", Napi::Function::New<modify>(env, "modify", set));
  exports.Set("remove", Napi::Function::New<remove>(env, "remove", set));
  exports.Set("setRef", Napi::Function::New<set_ref>(env, "setRef", set));
  return exports;
}

}  // namespace

NODE_API_MODULE(coroipc_libuv, init)
