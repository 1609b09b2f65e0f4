#include "js/visit.h"

#include <algorithm>
#include <cstring>

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
  entry_ = found->second.get();
  ++entry_->visits;
}

ServerVisit::~ServerVisit() {
  if (entry_ == nullptr || --entry_->visits > 0) return;
  entry_->host->rethrow();
  if (!entry_->host->has_closed()) return;
  if (EnvState* state = EnvState::of(env_); state != nullptr) state->servers.erase(key_);
}

ClientVisit::ClientVisit(const Napi::CallbackInfo& info, Needs needs)
    : state_(EnvState::of(info.Env())) {
  const Napi::Env env = info.Env();
  if (!read_number(info[0], number_)) return;
  const auto found = state_->clients.find(number_);
  if (found == state_->clients.end()) {
    throw_status(env, Status::kErrBadHandle, "client");
  } else if (needs == Needs::kConnected && !found->second->session->connected()) {
    throw_status(env, Status::kErrBadOperation, "the client is not connected yet");
  } else {
    entry_ = found->second.get();
  }
}

ClientVisit::~ClientVisit() {
  if (entry_ != nullptr) entry_->session->settle();
}

void ClientVisit::close() {
  const auto found = state_->clients.find(number_);
  closed_ = std::move(found->second);
  state_->clients.erase(found);
}

Napi::Value answer(Napi::Env env, Status status, uint32_t size) {
  if (status == Status::kErrTimeout || status == Status::kErrTryAgain)
    return Napi::Number::New(env, 0);
  const bool gone = status == Status::kErrLibrary || status == Status::kErrInShutdown;
  if (!check(env, status, gone ? "the server is gone" : "no request is outstanding"))
    return env.Undefined();
  return Napi::Number::New(env, size);
}

void describe_place(ScratchHead& head, const client::PlaceInBuffer& place) {
  head.connection = place.number;
  head.id = place.id;
  head.zero_copy = 1;
  head.offset = static_cast<int32_t>(place.offset);
  head.status = place.error;
}

bool await_room(Napi::Env env, const ClientVisit& visit, int64_t deadline, Napi::Value& otherwise) {
  const Status room = visit.session().await_room(deadline);
  if (room == Status::kOk) return true;
  EnvState::of(env)->scratch.head().attention = visit.session().take_attention() ? 1 : 0;
  otherwise = room == Status::kErrBusy ? Napi::Number::New(env, -1) : answer(env, room, 0);
  return false;
}

Napi::Value finish_call(Napi::Env env, const ClientVisit& visit, uint64_t token, int64_t deadline,
                        bool keep) {
  client::Session& session = visit.session();
  EnvState* state = EnvState::of(env);
  ScratchHead& head = state->scratch.head();
  uint32_t size = 0;
  const Status status = session.await(token, deadline, size);
  head.attention = session.take_attention() ? 1 : 0;
  head.offset = kElsewhere;
  head.zero_copy = 0;
  const auto place =
      status == Status::kOk && visit.entry().in_place ? session.answer_in_buffer() : std::nullopt;
  if (place.has_value()) {
    describe_place(head, *place);
    session.keep_answer();
  } else if (status == Status::kOk) {
    const std::span<std::byte> room = state->arrivals.room();
    if (!keep && size <= Arrivals::kSmallBytes && wire::up_to_next(size) <= room.size()) {
      head.offset = state->arrivals.offset();
      (void)session.read_answer(room);
      session.answer_done();
      state->arrivals.take(size);
    }
  } else if (status == Status::kErrTimeout || status == Status::kErrInterrupt) {
    session.abandon(token);
  }
  return answer(env, status, size);
}

Napi::Value finish_call_into(Napi::Env env, const ClientVisit& visit, uint64_t token,
                             int64_t deadline, std::span<std::byte> into) {
  client::Session& session = visit.session();
  ScratchHead& head = EnvState::of(env)->scratch.head();
  uint32_t size = 0;
  const Status status = session.await(token, deadline, size);
  head.attention = session.take_attention() ? 1 : 0;
  if (status == Status::kOk) {
    wire::ResponseHeader header{};
    (void)session.read_answer(std::as_writable_bytes(std::span(&header, 1)));
    head.status = header.error;
    const std::span<const std::byte> payload = session.answer_payload();
    const size_t copied = std::min(payload.size(), into.size());
    if (copied > 0) std::memcpy(into.data(), payload.data(), copied);
    session.answer_done();
  } else if (status == Status::kErrTimeout || status == Status::kErrInterrupt) {
    session.abandon(token);
  }
  return answer(env, status, size);
}

void refuse_request(Napi::Env env, client::Session& session, Status status, size_t bytes) {
  (void)check(env, status,
              status == Status::kErrInvalidParam
                  ? "the request has " + std::to_string(bytes) + " bytes, the request buffer " +
                        std::to_string(session.request_bytes())
                  : "the server is gone");
}

bool may_show(Napi::Env env) {
  return EnvState::of(env)->shows_memory ||
         check(env, Status::kErrNotSupported,
               "JavaScript may not see shared memory here, so nothing can be made in place");
}

bool check(Napi::Env env, Status status, std::string_view what) {
  if (status != Status::kOk && !env.IsExceptionPending())
    throw_status(env, status, std::string(what));
  return status == Status::kOk;
}

}  // namespace coroipc::js
