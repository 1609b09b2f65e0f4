#include "js/env_state.h"

namespace coroipc::js {

namespace {

void on_clean_up(void* state) { static_cast<EnvState*>(state)->take_down(); }

}  // namespace

void ClientEntry::detach_views() {
  response.detach();
  ring.detach();
  for (ZeroCopy& one : zero_copy) one.view.detach();
}

EnvState::EnvState(Napi::Env environment) : env_(environment) {
  napi_add_env_cleanup_hook(env_, on_clean_up, this);
}

EnvState::~EnvState() { napi_remove_env_cleanup_hook(env_, on_clean_up, this); }

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
