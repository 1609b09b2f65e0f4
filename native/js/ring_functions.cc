// The functions of NativeAddon by which JavaScript goes on with a connection's rings by itself:
// shows them, and takes over where that ends. See packages/core/src/native-rings.ts for what each
// promises.
#include "js/convert.h"
#include "js/env_state.h"
#include "js/functions.h"
#include "js/visit.h"

namespace coroipc::js {

namespace {

using Napi::CallbackInfo;
using Napi::Value;

Value client_rings(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  if (!visit.found() || !EnvState::of(env)->shows_memory) return env.Undefined();
  const std::optional<wire::SharedRings> rings = visit.session().rings();
  return rings.has_value() ? visit.entry().rings.show(env, *rings) : env.Undefined();
}

Value client_hide(const CallbackInfo& info) {
  const ClientVisit visit(info, ClientVisit::Needs::kAny);
  if (visit.found()) visit.entry().rings.detach();
  return info.Env().Undefined();
}

Value client_tell(const CallbackInfo& info) {
  const ClientVisit visit(info);
  if (visit.found()) visit.session().tell_sent();
  return info.Env().Undefined();
}

Value client_finish(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  int64_t deadline = 0;
  if (!visit.found() || !read_deadline(info[1], deadline)) return env.Undefined();
  return finish_call(env, visit, visit.session().last_sent(), deadline, false);
}

Value client_finish_into(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  int64_t deadline = 0;
  std::span<std::byte> into;
  if (!visit.found() || !read_deadline(info[1], deadline) || !read_bytes(info[2], into))
    return env.Undefined();
  return finish_call_into(env, visit, visit.session().last_sent(), deadline, into);
}

Value connection_rings(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_connection(info);
  if (!visit.found() || !EnvState::of(env)->shows_memory) return env.Undefined();
  const std::optional<wire::SharedRings> rings = visit.server().delegate(visit.number());
  if (!rings.has_value()) return env.Undefined();
  return visit.host().rings(visit.number()).show(env, *rings);
}

Value connection_hide(const CallbackInfo& info) {
  const ServerVisit visit = ServerVisit::by_connection(info);
  if (visit.found()) visit.host().drop_rings(visit.number());
  return info.Env().Undefined();
}

Value connection_tell(const CallbackInfo& info) {
  const ServerVisit visit = ServerVisit::by_connection(info);
  if (visit.found()) visit.server().tell_delegated(visit.number());
  return info.Env().Undefined();
}

}  // namespace

void export_ring_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("clientRings", Napi::Function::New<client_rings>(env));
  exports.Set("clientHide", Napi::Function::New<client_hide>(env));
  exports.Set("clientTell", Napi::Function::New<client_tell>(env));
  exports.Set("clientFinish", Napi::Function::New<client_finish>(env));
  exports.Set("clientFinishInto", Napi::Function::New<client_finish_into>(env));
  exports.Set("connectionRings", Napi::Function::New<connection_rings>(env));
  exports.Set("connectionHide", Napi::Function::New<connection_hide>(env));
  exports.Set("connectionTell", Napi::Function::New<connection_tell>(env));
}

}  // namespace coroipc::js
