#include "js/visit.h"

#include "js/convert.h"

namespace coroipc::js {

ServerVisit ServerVisit::by_server(const Napi::CallbackInfo& info) {
  uint64_t number = 0;
  if (!read_number(info[0], number)) number = 0;
  return ServerVisit(info.Env(), number, 0);
}

ServerVisit ServerVisit::by_connection(const Napi::CallbackInfo& info) {
  uint64_t number = 0;
  if (!read_number(info[0], number)) number = 0;
  return ServerVisit(info.Env(), number, EnvState::kConnectionBits);
}

ServerVisit::ServerVisit(Napi::Env env, uint64_t number, int shift)
    : env_(env), number_(number), key_(number >> shift) {
  EnvState* state = EnvState::of(env);
  const auto found = state->servers.find(key_);
  if (found == state->servers.end()) {
    if (!env.IsExceptionPending())
      throw_status(env, Status::kErrBadHandle, shift == 0 ? "server" : "connection");
    return;
  }
  entry_ = found->second;
  ++entry_->visits;
}

ServerVisit::~ServerVisit() {
  if (entry_ == nullptr || --entry_->visits > 0) return;
  entry_->host->rethrow();
  if (!entry_->host->has_closed()) return;
  if (EnvState* state = EnvState::of(env_); state != nullptr) state->servers.erase(key_);
}

std::shared_ptr<ClientEntry> find_client(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  uint64_t number = 0;
  if (!read_number(info[0], number)) return nullptr;
  EnvState* state = EnvState::of(env);
  const auto found = state->clients.find(number);
  if (found == state->clients.end()) {
    throw_status(env, Status::kErrBadHandle, "client");
    return nullptr;
  }
  return found->second;
}

Napi::Value answer(Napi::Env env, Status status, uint32_t size) {
  if (status == Status::kErrTimeout || status == Status::kErrTryAgain)
    return Napi::Number::New(env, 0);
  const bool gone = status == Status::kErrLibrary || status == Status::kErrInShutdown;
  if (!check(env, status, gone ? "the server is gone" : "no request is outstanding"))
    return env.Undefined();
  return Napi::Number::New(env, size);
}

bool sent(Napi::Env env, client::Session& session, Status status, size_t bytes) {
  if (status == Status::kOk) return true;
  if (status == Status::kErrBusy) return check(env, status, "a request is outstanding already");
  return check(env, status,
               "the request has " + std::to_string(bytes) + " bytes, the request buffer " +
                   std::to_string(session.channel().request_bytes()));
}

bool check(Napi::Env env, Status status, const std::string& what) {
  if (status != Status::kOk && !env.IsExceptionPending()) throw_status(env, status, what);
  return status == Status::kOk;
}

}  // namespace coroipc::js
