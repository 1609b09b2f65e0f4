// The functions of NativeAddon that have to do with a client's dispatch messages and zero-copy
// buffers: convert, call, convert back. See packages/core/src/native.ts for what each promises.
#include <algorithm>
#include <cstring>

#include "js/convert.h"
#include "js/env_state.h"
#include "js/functions.h"
#include "js/visit.h"
#include "sys/large_memory.h"

namespace coroipc::js {

namespace {

using Napi::CallbackInfo;
using Napi::Number;
using Napi::Value;

Value client_next(const CallbackInfo& info) {
  const ClientVisit visit(info);
  int64_t deadline = 0;
  if (!visit.found() || !read_deadline(info[1], deadline)) return info.Env().Undefined();
  uint32_t size = 0;
  const Status status = visit.session().next(deadline, size);
  return answer(info.Env(), status, size);
}

// As many messages as there are and as fit, one after another. One that is not small, or is to be
// given where it lies, comes alone, as the negative of its size.
Value client_take(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  uint64_t most = 0;
  if (!visit.found() || !read_number(info[1], most)) return env.Undefined();
  client::Session& session = visit.session();
  Arrivals& arrivals = EnvState::of(env)->arrivals;
  ScratchHead& scratch = EnvState::of(env)->scratch.head();
  scratch.offset = arrivals.offset();
  scratch.zero_copy = 0;
  const std::span<std::byte> room = arrivals.room();
  client::Session::Taken taken =
      session.take_messages(room, std::max<uint64_t>(most, 1), Arrivals::kSmallBytes);
  if (taken.count == 0) {
    uint32_t size = 0;
    const Status status = session.look_for_message(size);
    if (status == Status::kErrTryAgain) return Number::New(env, 0);
    if (status != Status::kOk) return answer(env, status, size);
    const Number alone = Number::New(env, -static_cast<double>(size));
    const auto place = session.message_in_buffer();
    if (place.has_value() && visit.entry().in_place) {
      describe_place(scratch, *place);
      session.keep_message();
      return alone;
    }
    // The same one is found by the next look.
    if (size > Arrivals::kSmallBytes || wire::up_to_next(size) > room.size()) return alone;
    (void)session.read_message(room);
    (void)session.put();
    taken = {1, size};
  }
  arrivals.take(taken.bytes);
  return Number::New(env, taken.count);
}

Value client_read(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  std::span<std::byte> into;
  if (!visit.found() || !read_bytes(info[1], into)) return env.Undefined();
  sys::count_memory(into.size());
  return Number::New(env, static_cast<double>(visit.session().read_message(into)));
}

// The memory that the current message lies in, the scratch says where; undefined where JavaScript
// may not see it.
Value client_message(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  if (!visit.found()) return env.Undefined();
  const std::optional<client::InPlace> place = visit.session().message_in_place();
  if (!place.has_value() || !EnvState::of(env)->shows_memory) return env.Undefined();
  View& view = visit.entry().ring;
  if (view.empty()) view = View(env, place->memory, 0, place->memory->size());
  if (view.empty()) return env.Undefined();
  EnvState::of(env)->scratch.head().offset = static_cast<int32_t>(place->offset);
  return view.value();
}

Value client_put(const CallbackInfo& info) {
  const ClientVisit visit(info);
  if (visit.found() && !visit.session().put())
    (void)check(info.Env(), Status::kErrBadOperation, "there is no dispatch message to put");
  return info.Env().Undefined();
}

Value client_flow_controlled(const CallbackInfo& info) {
  const ClientVisit visit(info);
  if (!visit.found()) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), visit.session().flow_controlled());
}

Value client_zcb_alloc(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  uint64_t size = 0;
  uint64_t header_size = 0;
  int64_t deadline = 0;
  if (!visit.found() || !read_number(info[1], size) || !read_number(info[2], header_size) ||
      !read_deadline(info[3], deadline) || !may_show(env))
    return env.Undefined();
  if (!size_fits(env, "size", size, 0) || !size_fits(env, "headerSize", header_size, 0) ||
      !size_fits(env, "size and headerSize", size + header_size + sizeof(wire::classic::ZcbHeader),
                 sizeof(wire::classic::ZcbHeader) + sizeof(wire::RequestHeader)))
    return env.Undefined();
  ClientEntry::ZeroCopy made;
  sys::Outcome outcome = visit.session().zcb_alloc(size + header_size, deadline, made.buffer);
  if (!outcome.ok()) {
    throw_failure(env, outcome.failure(), "the zero-copy buffer was not made");
    return env.Undefined();
  }
  made.view = View(env, made.buffer.memory);
  if (made.view.empty()) return env.Undefined();
  const Napi::ArrayBuffer view = made.view.value();
  visit.entry().zero_copy.push_back(std::move(made));
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
  const ClientVisit visit(info);
  int64_t deadline = 0;
  if (!visit.found() || !read_deadline(info[2], deadline)) return env.Undefined();
  const auto found = find_zero_copy(env, visit.entry(), info[1]);
  if (found == visit.entry().zero_copy.end()) return env.Undefined();
  const Status status = visit.session().zcb_free(found->buffer, deadline);
  // Whether or not the server heard of it, it is ours no more; but a call under way still reads it.
  if (status == Status::kErrBusy) {
    (void)check(env, status, "a request is outstanding already");
    return env.Undefined();
  }
  found->view.blank();
  visit.entry().zero_copy.erase(found);
  (void)check(env, status, "the zero-copy buffer was freed here, but the server was not told");
  return env.Undefined();
}

Value client_zcb_call(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  int64_t deadline = 0;
  if (!visit.found() || !read_deadline(info[2], deadline)) return env.Undefined();
  const auto found = find_zero_copy(env, visit.entry(), info[1]);
  if (found == visit.entry().zero_copy.end()) return env.Undefined();
  uint64_t token = 0;
  Value otherwise;
  Status status = visit.session().zcb_send(found->buffer, token);
  while (status == Status::kErrBusy && await_room(env, visit, deadline, otherwise))
    status = visit.session().zcb_send(found->buffer, token);
  if (status == Status::kOk) return finish_call(env, visit, token, deadline, is_true(info[3]));
  if (status == Status::kErrBusy) return otherwise;
  refuse_request(env, visit.session(), status, sizeof(wire::classic::ZcbExecuteMessage));
  return env.Undefined();
}

}  // namespace

void export_client_stream_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("clientNext", Napi::Function::New<client_next>(env));
  exports.Set("clientTake", Napi::Function::New<client_take>(env));
  exports.Set("clientRead", Napi::Function::New<client_read>(env));
  exports.Set("clientMessage", Napi::Function::New<client_message>(env));
  exports.Set("clientPut", Napi::Function::New<client_put>(env));
  exports.Set("clientFlowControlled", Napi::Function::New<client_flow_controlled>(env));
  exports.Set("clientZcbAlloc", Napi::Function::New<client_zcb_alloc>(env));
  exports.Set("clientZcbFree", Napi::Function::New<client_zcb_free>(env));
  exports.Set("clientZcbCall", Napi::Function::New<client_zcb_call>(env));
}

}  // namespace coroipc::js
