// A function that runs when its environment ends: once, unless it was taken back before. Node
// forgives a hook that is taken back twice, or after it has run; other runtimes end the process.
//
// For the environment's JavaScript thread, on which the function runs too.
#pragma once

#include <node_api.h>

namespace coroipc::js {

class CleanUpHook {
 public:
  using Run = void (*)(void* data);

  CleanUpHook() = default;
  ~CleanUpHook() { take_back(); }
  CleanUpHook(const CleanUpHook&) = delete;
  CleanUpHook& operator=(const CleanUpHook&) = delete;

  // Hooks run newest first. `run` may destroy this object. Precondition: not set.
  void set(napi_env env, Run run, void* data) {
    env_ = env;
    run_ = run;
    data_ = data;
    set_ = napi_add_env_cleanup_hook(env, on_clean_up, this) == napi_ok;
  }
  void take_back() {
    if (!set_) return;
    set_ = false;
    napi_remove_env_cleanup_hook(env_, on_clean_up, this);
  }

 private:
  static void on_clean_up(void* self) {
    auto& hook = *static_cast<CleanUpHook*>(self);
    hook.set_ = false;
    hook.run_(hook.data_);
  }

  napi_env env_ = nullptr;
  Run run_ = nullptr;
  void* data_ = nullptr;
  bool set_ = false;
};

}  // namespace coroipc::js
