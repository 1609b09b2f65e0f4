#include "js/env_state.h"

namespace coroipc::js {

void ClientEntry::drop_views() {
  response = View();
  ring = View();
  rings.detach();
  zero_copy.clear();
  buffers.forget();
}

EnvState::EnvState(Napi::Env environment) : env_(environment) {
  hook_.set(
      env_, [](void* state) { static_cast<EnvState*>(state)->take_down(); }, this);
}

EnvState::~EnvState() { take_down(); }

bool EnvState::terminating() {
  const Napi::HandleScope scope(env_);
  if (nothing_.IsEmpty()) {
    const Napi::Value made = env_.RunScript("(() => {})");
    if (!made.IsEmpty() && made.IsFunction())
      nothing_ = Napi::Persistent(made.As<Napi::Function>());
  }
  napi_value result = nullptr;
  if (!nothing_.IsEmpty() &&
      napi_call_function(env_, env_.Undefined(), nothing_.Value(), 0, nullptr, &result) == napi_ok)
    return false;
  // Why it could not run is nobody's exception. Deno would tell of it as of one.
  napi_get_and_clear_last_exception(env_, &result);
  return true;
}

void EnvState::take_down() {
  // JavaScript must not be called any more; views live on with their own hold on the memory.
  clients.clear();
  for (const auto& [number, entry] : servers) {
    entry->host->silence();
    entry->server->close();
  }
  servers.clear();
}

}  // namespace coroipc::js
