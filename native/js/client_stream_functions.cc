// The functions of NativeAddon that have to do with a client's dispatch messages and zero-copy
// buffers: convert, call, convert back. See packages/core/src/native.ts for what each promises.
#include <algorithm>
#include <cstring>

#include "js/convert.h"
#include "js/env_state.h"
#include "js/functions.h"
#include "js/visit.h"

namespace coroipc::js {

namespace {

using Napi::CallbackInfo;
using Napi::Number;
using Napi::Value;

Value client_next(const CallbackInfo& info) {
  const auto client = find_client(info);
  int64_t deadline = 0;
  if (client == nullptr || !read_deadline(info[1], deadline)) return info.Env().Undefined();
  uint32_t size = 0;
  const Status status = client->session->next(deadline, size);
  return answer(info.Env(), status, size);
}

Value client_read(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto client = find_client(info);
  std::span<std::byte> into;
  if (client == nullptr || !read_bytes(info[1], into)) return env.Undefined();
  const wire::ClientChannel& channel = client->session->channel();
  const size_t copied = std::min<size_t>(channel.message_size(), into.size());
  if (copied > 0)
    std::memcpy(into.data(), channel.ring_memory()->data() + channel.message_offset(), copied);
  return Number::New(env, static_cast<double>(copied));
}

Value client_offset(const CallbackInfo& info) {
  const auto client = find_client(info);
  if (client == nullptr) return info.Env().Undefined();
  return Number::New(info.Env(), client->session->channel().message_offset());
}

Value client_ring(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto client = find_client(info);
  if (client == nullptr) return env.Undefined();
  const auto& memory = client->session->channel().ring_memory();
  if (client->ring.empty()) client->ring = View(env, memory, 0, memory->size());
  return client->ring.empty() ? env.Undefined() : Value(client->ring.value());
}

Value client_put(const CallbackInfo& info) {
  const auto client = find_client(info);
  if (client != nullptr && !client->session->channel().put())
    (void)check(info.Env(), Status::kErrBadOperation, "there is no dispatch message to put");
  return info.Env().Undefined();
}

Value client_flow_controlled(const CallbackInfo& info) {
  const auto client = find_client(info);
  if (client == nullptr) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), client->session->channel().flow_controlled());
}

Value client_zcb_alloc(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto client = find_client(info);
  uint64_t size = 0;
  uint64_t header_size = 0;
  int64_t deadline = 0;
  if (client == nullptr || !read_number(info[1], size) || !read_number(info[2], header_size) ||
      !read_deadline(info[3], deadline))
    return env.Undefined();
  if (!size_fits(env, "size", size, 0) || !size_fits(env, "headerSize", header_size, 0) ||
      !size_fits(env, "size and headerSize", size + header_size + sizeof(wire::classic::ZcbHeader),
                 sizeof(wire::classic::ZcbHeader) + sizeof(wire::RequestHeader)))
    return env.Undefined();
  ClientEntry::ZeroCopy made;
  const Status status = client->session->zcb_alloc(size + header_size, deadline, made.buffer);
  if (!check(env, status, "the zero-copy buffer was not made")) return env.Undefined();
  made.view = View(env, made.buffer.memory, sizeof(wire::classic::ZcbHeader), made.buffer.size());
  if (made.view.empty()) return env.Undefined();
  const Napi::ArrayBuffer view = made.view.value();
  client->zero_copy.push_back(std::move(made));
  return view;
}

// The zero-copy buffer that an ArrayBuffer is of; zero_copy.end(), with an error pending, for any
// other value.
auto find_zero_copy(Napi::Env env, ClientEntry& client, const Value& buffer) {
  const auto found = std::find_if(client.zero_copy.begin(), client.zero_copy.end(),
                                  [&](const auto& one) { return one.view.is(buffer); });
  if (found == client.zero_copy.end())
    (void)check(env, Status::kErrInvalidParam, "buffer is not a zero-copy buffer of this client");
  return found;
}

Value client_zcb_free(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto client = find_client(info);
  int64_t deadline = 0;
  if (client == nullptr || !read_deadline(info[2], deadline)) return env.Undefined();
  const auto found = find_zero_copy(env, *client, info[1]);
  if (found == client->zero_copy.end()) return env.Undefined();
  const Status status = client->session->zcb_free(found->buffer, deadline);
  // Whether or not the server heard of it, it is ours no more; but a call under way still reads it.
  if (status == Status::kErrBusy) {
    (void)check(env, status, "a request is outstanding already");
    return env.Undefined();
  }
  found->view.detach();
  client->zero_copy.erase(found);
  (void)check(env, status, "the zero-copy buffer was freed here, but the server was not told");
  return env.Undefined();
}

Value client_zcb_call(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto client = find_client(info);
  int64_t deadline = 0;
  if (client == nullptr || !read_deadline(info[2], deadline)) return env.Undefined();
  const auto found = find_zero_copy(env, *client, info[1]);
  if (found == client->zero_copy.end()) return env.Undefined();
  if (!sent(env, *client->session, client->session->zcb_send(found->buffer),
            sizeof(wire::classic::ZcbExecuteMessage)))
    return env.Undefined();
  uint32_t size = 0;
  const Status status = client->session->await(deadline, size);
  return answer(env, status, size);
}

}  // namespace

void export_client_stream_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("clientNext", Napi::Function::New<client_next>(env));
  exports.Set("clientRead", Napi::Function::New<client_read>(env));
  exports.Set("clientOffset", Napi::Function::New<client_offset>(env));
  exports.Set("clientRing", Napi::Function::New<client_ring>(env));
  exports.Set("clientPut", Napi::Function::New<client_put>(env));
  exports.Set("clientFlowControlled", Napi::Function::New<client_flow_controlled>(env));
  exports.Set("clientZcbAlloc", Napi::Function::New<client_zcb_alloc>(env));
  exports.Set("clientZcbFree", Napi::Function::New<client_zcb_free>(env));
  exports.Set("clientZcbCall", Napi::Function::New<client_zcb_call>(env));
}

}  // namespace coroipc::js
