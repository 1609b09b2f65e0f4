// The addon of the epoll adapter: one epoll set a loop, timers and signals as descriptors. Which
// call-back belongs to which descriptor is TypeScript's affair: nothing here calls JavaScript.

#include <napi.h>

#include "epoll/border.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  using coroipc::epoll::State;
  auto* state = new State;
  napi_add_env_cleanup_hook(
      env, [](void* data) { delete static_cast<State*>(data); }, state);
  coroipc::epoll::export_loops(env, exports, *state);
  coroipc::epoll::export_timers(env, exports, *state);
  coroipc::epoll::export_signals(env, exports, *state);
  return exports;
}

}  // namespace

NODE_API_MODULE(coroipc_epoll, init)
