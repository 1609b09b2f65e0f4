// The functions of NativeAddon that have to do with the zero-copy buffers of the native wire:
// convert, call, convert back. See packages/core/src/native.ts for what each promises.
#include "js/convert.h"
#include "js/env_state.h"
#include "js/functions.h"
#include "js/visit.h"

namespace coroipc::js {

namespace {

using Napi::CallbackInfo;
using Napi::Number;
using Napi::Value;

bool read_buffer(const Value& value, uint32_t& number) {
  uint64_t found = 0;
  if (!read_number(value, found)) return false;
  number = static_cast<uint32_t>(std::min<uint64_t>(found, UINT32_MAX));
  return true;
}

bool read_int(const Value& value, int32_t& number) {
  double found = 0;
  if (!read_double(value, found)) return false;
  number = found >= INT32_MIN && found <= INT32_MAX ? static_cast<int32_t>(found) : 0;
  return true;
}

// The buffers of a client or a connection; null, with a CoroIpcError pending, where there are none.
wire::Buffers* buffers_of(Napi::Env env, wire::Buffers* found) {
  if (found == nullptr)
    (void)check(env, Status::kErrNotSupported, "the classic wire has no such buffers");
  return found;
}
wire::Buffers* buffers_of(Napi::Env env, const ClientVisit& visit) {
  return visit.found() ? buffers_of(env, visit.session().buffers()) : nullptr;
}
wire::Buffers* buffers_of(Napi::Env env, const ServerVisit& visit) {
  if (!visit.found()) return nullptr;
  const server::Connection* connection = visit.server().find(visit.number());
  if (connection != nullptr && connection->live() && connection->channel != nullptr)
    return buffers_of(env, connection->channel->buffers());
  (void)check(env, Status::kErrLibrary, "the connection is over");
  return nullptr;
}

Value make(Napi::Env env, wire::Buffers* buffers, const Value& size) {
  uint64_t bytes = 0;
  if (buffers == nullptr || !read_number(size, bytes) || !may_show(env)) return env.Undefined();
  sys::Result<uint32_t> made = buffers->make(bytes);
  if (made.ok()) return Number::New(env, made.value());
  throw_failure(env, made.failure(), "the zero-copy buffer was not made");
  return env.Undefined();
}

Value answer_of(Napi::Env env, wire::Buffers* buffers, const Value& which) {
  uint32_t number = 0;
  if (buffers == nullptr || !read_buffer(which, number)) return env.Undefined();
  return Number::New(env, static_cast<int>(buffers->answer(number)));
}

Value own_memory(Napi::Env env, wire::Buffers* buffers, BufferViews& views, const Value& which) {
  uint32_t number = 0;
  if (!read_buffer(which, number)) return env.Undefined();
  const auto memory = buffers->own_memory(number);
  if (memory.has_value()) return views.own(env, number, *memory);
  (void)check(env, Status::kErrBadHandle, "there is no such zero-copy buffer");
  return env.Undefined();
}

Value withdraw(Napi::Env env, wire::Buffers* buffers, BufferViews& views, const Value& which) {
  uint32_t number = 0;
  if (!read_buffer(which, number)) return env.Undefined();
  const Status status = buffers->withdraw(number);
  if (status == Status::kErrBusy) {
    (void)check(env, status, "a message in the zero-copy buffer is not given back yet");
    return env.Undefined();
  }
  views.drop_own(number);
  (void)check(env, status, "there is no such zero-copy buffer");
  return env.Undefined();
}

Value client_buffer_make(const CallbackInfo& info) {
  const ClientVisit visit(info);
  return make(info.Env(), buffers_of(info.Env(), visit), info[1]);
}

Value client_buffer_answer(const CallbackInfo& info) {
  const ClientVisit visit(info);
  return answer_of(info.Env(), buffers_of(info.Env(), visit), info[1]);
}

Value client_buffer_memory(const CallbackInfo& info) {
  const ClientVisit visit(info);
  wire::Buffers* buffers = buffers_of(info.Env(), visit);
  if (buffers == nullptr) return info.Env().Undefined();
  return own_memory(info.Env(), buffers, visit.entry().buffers, info[1]);
}

Value client_buffer_free(const CallbackInfo& info) {
  const ClientVisit visit(info);
  wire::Buffers* buffers = buffers_of(info.Env(), visit);
  if (buffers == nullptr) return info.Env().Undefined();
  return withdraw(info.Env(), buffers, visit.entry().buffers, info[1]);
}

Value client_buffer_out(const CallbackInfo& info) {
  const ClientVisit visit(info);
  const wire::Buffers* buffers = buffers_of(info.Env(), visit);
  uint32_t number = 0;
  if (buffers == nullptr || !read_buffer(info[1], number)) return info.Env().Undefined();
  return Number::New(info.Env(), static_cast<double>(buffers->out(number)));
}

// A request that lies in a buffer: which, its command, and its bytes with the header's.
bool read_request(const CallbackInfo& info, uint32_t& number, int32_t& id, uint32_t& size) {
  return read_buffer(info[1], number) && read_int(info[2], id) && read_buffer(info[3], size);
}

Value client_send_in(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  uint32_t number = 0;
  int32_t id = 0;
  uint32_t size = 0;
  if (!visit.found() || !read_request(info, number, id, size)) return env.Undefined();
  uint64_t token = 0;
  const Status status = visit.session().send_in(number, size, id, token);
  if (check(env, status, "the request in a zero-copy buffer was not sent"))
    return Number::New(env, static_cast<double>(token));
  return env.Undefined();
}

Value client_call_in(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  uint32_t number = 0;
  int32_t id = 0;
  uint32_t size = 0;
  int64_t deadline = 0;
  if (!visit.found() || !read_request(info, number, id, size) || !read_deadline(info[4], deadline))
    return env.Undefined();
  uint64_t token = 0;
  const Status status = visit.session().send_in(number, size, id, token);
  if (check(env, status, "the request in a zero-copy buffer was not sent"))
    return finish_call(env, visit, token, deadline, false);
  return env.Undefined();
}

Value client_in_place(const CallbackInfo& info) {
  const ClientVisit visit(info);
  if (visit.found())
    visit.entry().in_place = is_true(info[1]) && EnvState::of(info.Env())->shows_memory;
  return info.Env().Undefined();
}

Value client_peer_memory(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  wire::Buffers* buffers = buffers_of(env, visit);
  uint32_t number = 0;
  if (buffers == nullptr || !read_buffer(info[1], number)) return env.Undefined();
  const auto memory = buffers->peer_memory(number);
  if (memory.has_value()) return visit.entry().buffers.peer(env, number, *memory);
  (void)check(env, Status::kErrBadHandle, "the server has no such zero-copy buffer");
  return env.Undefined();
}

Value client_release(const CallbackInfo& info) {
  const ClientVisit visit(info);
  uint32_t number = 0;
  if (visit.found() && read_buffer(info[1], number) && !visit.session().release(number))
    (void)check(info.Env(), Status::kErrBadOperation, "nothing in that buffer is held");
  return info.Env().Undefined();
}

Value connection_buffer_make(const CallbackInfo& info) {
  const ServerVisit visit = ServerVisit::by_connection(info);
  return make(info.Env(), buffers_of(info.Env(), visit), info[1]);
}

Value connection_buffer_answer(const CallbackInfo& info) {
  const ServerVisit visit = ServerVisit::by_connection(info);
  return answer_of(info.Env(), buffers_of(info.Env(), visit), info[1]);
}

Value connection_buffer_memory(const CallbackInfo& info) {
  const ServerVisit visit = ServerVisit::by_connection(info);
  wire::Buffers* buffers = buffers_of(info.Env(), visit);
  if (buffers == nullptr) return info.Env().Undefined();
  return own_memory(info.Env(), buffers, visit.host().buffers(visit.number()), info[1]);
}

Value connection_buffer_free(const CallbackInfo& info) {
  const ServerVisit visit = ServerVisit::by_connection(info);
  wire::Buffers* buffers = buffers_of(info.Env(), visit);
  if (buffers == nullptr) return info.Env().Undefined();
  return withdraw(info.Env(), buffers, visit.host().buffers(visit.number()), info[1]);
}

Value connection_buffer_out(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_connection(info);
  uint32_t number = 0;
  if (buffers_of(env, visit) == nullptr || !read_buffer(info[1], number)) return env.Undefined();
  const server::Connection* connection = visit.server().find(visit.number());
  return Number::New(env, static_cast<double>(connection->channel->buffer_out(number)));
}

Value respond_in(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_connection(info);
  uint64_t token = 0;
  uint32_t number = 0;
  wire::ResponseHeader header{};
  if (!visit.found() || !read_number(info[1], token) || !read_buffer(info[2], number) ||
      !read_int(info[3], header.id) || !read_int(info[4], header.size))
    return env.Undefined();
  header.error = static_cast<int32_t>(Status::kOk);
  const Status status = visit.server().respond_in(visit.number(), token, number, header);
  (void)check(env, status, "the answer in a zero-copy buffer was not sent");
  return env.Undefined();
}

Value dispatch_in(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_connection(info);
  uint32_t number = 0;
  wire::ResponseHeader header{};
  if (!visit.found() || !read_buffer(info[1], number) || !read_int(info[2], header.id) ||
      !read_int(info[3], header.size))
    return env.Undefined();
  header.error = static_cast<int32_t>(Status::kOk);
  const Status status = visit.server().dispatch_in(visit.number(), number, header);
  (void)check(env, status, "the dispatch message in a zero-copy buffer was not sent");
  return env.Undefined();
}

}  // namespace

void export_buffer_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("clientBufferMake", Napi::Function::New<client_buffer_make>(env));
  exports.Set("clientBufferAnswer", Napi::Function::New<client_buffer_answer>(env));
  exports.Set("clientBufferMemory", Napi::Function::New<client_buffer_memory>(env));
  exports.Set("clientBufferFree", Napi::Function::New<client_buffer_free>(env));
  exports.Set("clientBufferOut", Napi::Function::New<client_buffer_out>(env));
  exports.Set("clientSendIn", Napi::Function::New<client_send_in>(env));
  exports.Set("clientCallIn", Napi::Function::New<client_call_in>(env));
  exports.Set("clientInPlace", Napi::Function::New<client_in_place>(env));
  exports.Set("clientPeerMemory", Napi::Function::New<client_peer_memory>(env));
  exports.Set("clientRelease", Napi::Function::New<client_release>(env));
  exports.Set("connectionBufferMake", Napi::Function::New<connection_buffer_make>(env));
  exports.Set("connectionBufferAnswer", Napi::Function::New<connection_buffer_answer>(env));
  exports.Set("connectionBufferMemory", Napi::Function::New<connection_buffer_memory>(env));
  exports.Set("connectionBufferFree", Napi::Function::New<connection_buffer_free>(env));
  exports.Set("connectionBufferOut", Napi::Function::New<connection_buffer_out>(env));
  exports.Set("respondIn", Napi::Function::New<respond_in>(env));
  exports.Set("dispatchIn", Napi::Function::New<dispatch_in>(env));
}

}  // namespace coroipc::js
