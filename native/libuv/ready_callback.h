// How a poll system calls a watch's `onReady`: from the bottom of the stack, as an event loop does.
// After the call the environment's next-tick and promise queues run. What `onReady` throws becomes
// an uncaught exception of the environment, and the caller goes on with its other watches. When the
// environment is ending (a terminated worker, process.exit) the call does nothing.
//
// Only for the environment's JavaScript thread. The watch may be destroyed by the call.
#pragma once

#include <napi.h>

namespace coroipc::libuv {

inline void call_ready(const Napi::FunctionReference& on_ready, int revents) {
  // Everything that is needed after the call is taken out of `on_ready` before it.
  const Napi::Env env = on_ready.Env();
  const Napi::HandleScope scope(env);
  const napi_value function = on_ready.Value();
  napi_value receiver = nullptr;
  napi_value argument = nullptr;
  if (function == nullptr || napi_get_global(env, &receiver) != napi_ok ||
      napi_create_int32(env, revents, &argument) != napi_ok) {
    return;
  }
  if (napi_make_callback(env, nullptr, receiver, function, 1, &argument, nullptr) == napi_ok) {
    return;
  }
  bool pending = false;
  napi_value exception = nullptr;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending &&
      napi_get_and_clear_last_exception(env, &exception) == napi_ok) {
    // In an environment that is ending this fails, and nobody is left to be told.
    static_cast<void>(napi_fatal_exception(env, exception));
  }
}

}  // namespace coroipc::libuv
