// The addon's entry: makes an environment's state and exports the functions of NativeAddon.
#include "js/convert.h"
#include "js/env_state.h"
#include "js/functions.h"
#include "js/poll.h"
#include "js/watcher.h"

namespace coroipc::js {

namespace {

Napi::Value setup(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsFunction()) {
    Napi::TypeError::New(env, "errorClass must be a class").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  if (!EnvState::of(env)->scratch.attach(info[1])) return env.Undefined();
  EnvState::of(env)->shows_memory = !is_true(info[2]) && View::allowed(env);
  EnvState::of(env)->error_class = Napi::Persistent(info[0].As<Napi::Function>());
  return env.Undefined();
}

Napi::Value arrivals(const Napi::CallbackInfo& info) {
  (void)EnvState::of(info.Env())->arrivals.attach(info[0]);
  return info.Env().Undefined();
}

Napi::Value uncaught(const Napi::CallbackInfo& info) {
  // It fails where JavaScript cannot run any more, and then nobody is left to be told.
  (void)napi_fatal_exception(info.Env(), info[0]);
  return info.Env().Undefined();
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new EnvState(env));
  exports.Set("setup", Napi::Function::New<setup>(env));
  exports.Set("uncaught", Napi::Function::New<uncaught>(env));
  exports.Set("arrivals", Napi::Function::New<arrivals>(env));
  export_server_functions(env, exports);
  export_client_functions(env, exports);
  export_client_stream_functions(env, exports);
  export_ring_functions(env, exports);
  export_buffer_functions(env, exports);
  export_watcher(env, exports);
  export_poll(env, exports);
  return exports;
}

NODE_API_MODULE(coroipc, init)

}  // namespace

}  // namespace coroipc::js
