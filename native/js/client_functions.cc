// The functions of NativeAddon that have to do with a client's life and its requests: convert,
// call, convert back. See packages/core/src/native.ts for what each promises.
#include <algorithm>
#include <cstring>

#include "js/convert.h"
#include "js/env_state.h"
#include "js/functions.h"
#include "js/visit.h"
#include "sys/large_memory.h"
#include "wire/native/handshake.h"
#include "wire/native/own_buffers.h"

namespace coroipc::js {

namespace {

using Napi::CallbackInfo;
using Napi::Number;
using Napi::Value;
using wire::classic::Generation;
using Needs = ClientVisit::Needs;

bool read_options(const Value& value, client::Options& options) {
  const Napi::Env env = value.Env();
  if (!value.IsObject()) {
    Napi::TypeError::New(env, "options must be an object").ThrowAsJavaScriptException();
    return false;
  }
  const Napi::Object from = value.As<Napi::Object>();
  const Value name = from.Get("name");
  uint64_t service = 0;
  uint64_t request = 0;
  uint64_t response = 0;
  uint64_t dispatch = 0;
  uint64_t generation = 0;
  uint64_t in_flight = 0;
  uint64_t buffers = 0;
  double server_uid = -1;
  if (name.IsEmpty() || !read_member(from, "service", service) ||
      !read_member(from, "requestBytes", request) ||
      !read_member(from, "responseBytes", response) ||
      !read_member(from, "dispatchBytes", dispatch) ||
      !read_member(from, "generation", generation) ||
      !read_member(from, "maxInFlight", in_flight) || !read_member(from, "serverUid", server_uid) ||
      !read_member(from, "maxZeroCopyBuffers", buffers) ||
      !read_member(from, "maxBufferBytes", options.max_buffer_bytes) ||
      !read_member(from, "spinUs", options.spin_us))
    return false;
  options.name = name.IsString() ? name.As<Napi::String>().Utf8Value() : std::string();
  if (options.name.empty() || options.name.size() > sys::kMaxNameBytes || service > UINT32_MAX ||
      in_flight < 1 || in_flight > wire::native::kMostInFlight || server_uid > UINT32_MAX ||
      (generation != 0 && generation != 12 && generation != 14)) {
    Napi::RangeError::New(env,
                          "name, service, generation, maxInFlight or serverUid is out of range")
        .ThrowAsJavaScriptException();
    return false;
  }
  if (!size_fits(env, "requestBytes", request, sizeof(wire::RequestHeader)) ||
      !size_fits(env, "responseBytes", response, sizeof(wire::ResponseHeader)) ||
      !size_fits(env, "dispatchBytes", dispatch, 1))
    return false;
  options.waiting = EnvState::of(env)->waiting;
  options.service = static_cast<uint32_t>(service);
  options.max_in_flight = static_cast<uint32_t>(in_flight);
  options.max_buffers =
      static_cast<uint32_t>(std::min<uint64_t>(buffers, wire::native::kMostBuffers));
  if (server_uid >= 0) options.server_uid = static_cast<uid_t>(server_uid);
  options.sizes = {request, response, dispatch};
  if (generation == 0) return true;
  options.classic = static_cast<Generation>(generation);
  options.sizes = {sys::round_up_to_pages(request), sys::round_up_to_pages(response),
                   sys::round_up_to_pages(dispatch)};
  return true;
}

Value keep_client(const CallbackInfo& info, std::unique_ptr<client::Session> session) {
  EnvState* state = EnvState::of(info.Env());
  const uint64_t number = state->next_client++;
  auto entry = std::make_shared<ClientEntry>();
  entry->session = std::move(session);
  state->clients.emplace(number, std::move(entry));
  return Number::New(info.Env(), static_cast<double>(number));
}

// Begins a session; null, with an exception pending, when that failed.
std::unique_ptr<client::Session> begin(const CallbackInfo& info) {
  client::Options options;
  if (!read_options(info[0], options)) return nullptr;
  auto begun = client::Session::begin(options, EnvState::of(info.Env())->watch);
  if (begun.ok()) {
    EnvState* state = EnvState::of(info.Env());
    begun.value()->set_interrupted([state] { return state->terminating(); });
    return std::move(begun.value());
  }
  const int code = begun.failure().code;
  const bool nobody = code == ECONNREFUSED || code == ENOENT;
  throw_failure(info.Env(), begun.failure(),
                (nobody ? "nobody listens on \"" : "cannot connect to \"") + options.name + "\"");
  return nullptr;
}

Value client_connect(const CallbackInfo& info) {
  int64_t deadline = 0;
  if (!read_deadline(info[1], deadline)) return info.Env().Undefined();
  std::unique_ptr<client::Session> session = begin(info);
  if (session == nullptr) return info.Env().Undefined();
  sys::Outcome finished = session->finish_handshake(deadline);
  if (finished.ok()) return keep_client(info, std::move(session));
  throw_failure(info.Env(), finished.failure(), "the connection was not made");
  return info.Env().Undefined();
}

Value client_begin(const CallbackInfo& info) {
  std::unique_ptr<client::Session> session = begin(info);
  if (session == nullptr) return info.Env().Undefined();
  return keep_client(info, std::move(session));
}

Value client_advance(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info, Needs::kAny);
  if (!visit.found()) return env.Undefined();
  sys::Result<bool> done = visit.session().advance();
  if (done.ok()) return Napi::Boolean::New(env, done.value());
  throw_failure(env, done.failure(), "the connection was not made");
  return env.Undefined();
}

Value client_events(const CallbackInfo& info) {
  const ClientVisit visit(info, Needs::kAny);
  if (!visit.found()) return info.Env().Undefined();
  return Number::New(info.Env(), visit.session().handshake_events());
}

Value client_socket(const CallbackInfo& info) {
  const ClientVisit visit(info, Needs::kAny);
  if (!visit.found()) return info.Env().Undefined();
  return Number::New(info.Env(), visit.session().socket());
}

Value client_facts(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  if (!visit.found()) return env.Undefined();
  const client::Session& session = visit.session();
  const auto number = [&](auto value) { return Number::New(env, static_cast<double>(value)); };
  Napi::Object facts = Napi::Object::New(env);
  facts.Set("generation", number(session.generation()));
  facts.Set("requestBytes", number(session.request_bytes()));
  facts.Set("maxInFlight", number(session.max_in_flight()));
  facts.Set("serverPid", number(session.server().pid));
  facts.Set("serverUid", number(session.server().uid));
  return facts;
}

Value descriptor(const CallbackInfo& info, sys::Result<int> fd) {
  if (fd.ok()) return Number::New(info.Env(), fd.value());
  throw_failure(info.Env(), fd.failure(), "no descriptor to watch the client by");
  return info.Env().Undefined();
}

Value client_fd(const CallbackInfo& info) {
  const ClientVisit visit(info);
  if (!visit.found()) return info.Env().Undefined();
  return descriptor(info, visit.session().user_fd());
}

Value client_bell(const CallbackInfo& info) {
  const ClientVisit visit(info);
  if (!visit.found()) return info.Env().Undefined();
  return descriptor(info, visit.session().bell_fd());
}

Value client_close(const CallbackInfo& info) {
  ClientVisit visit(info, Needs::kAny);
  if (!visit.found()) return info.Env().Undefined();
  visit.entry().drop_views();
  visit.close();
  return info.Env().Undefined();
}

Value client_send(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  MessageReader message;
  if (!visit.found() || !message.read(info[1])) return env.Undefined();
  uint64_t token = 0;
  const Status status = visit.session().send(message.parts(), token);
  if (status == Status::kOk) return Number::New(env, static_cast<double>(token));
  if (status == Status::kErrBusy) return Number::New(env, 0);
  refuse_request(env, visit.session(), status, message.bytes());
  return env.Undefined();
}

Value client_await(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  uint64_t token = 0;
  int64_t deadline = 0;
  if (!visit.found() || !read_number(info[1], token) || !read_deadline(info[2], deadline))
    return env.Undefined();
  uint32_t size = 0;
  const Status status = visit.session().await(token, deadline, size);
  EnvState::of(env)->scratch.head().attention = visit.session().take_attention() ? 1 : 0;
  return answer(env, status, size);
}

// Sends a request and has `finish` wait for its answer. Arguments: the client, the request, the
// time.
template <class Finish>
Value exchange(const CallbackInfo& info, const ClientVisit& visit, Finish&& finish) {
  const Napi::Env env = info.Env();
  MessageReader message;
  int64_t deadline = 0;
  if (!message.read(info[1]) || !read_deadline(info[2], deadline)) return env.Undefined();
  uint64_t token = 0;
  Value otherwise;
  Status status = visit.session().send(message.parts(), token);
  while (status == Status::kErrBusy && await_room(env, visit, deadline, otherwise))
    status = visit.session().send(message.parts(), token);
  if (status == Status::kOk) return finish(token, deadline);
  if (status == Status::kErrBusy) return otherwise;
  refuse_request(env, visit.session(), status, message.bytes());
  return env.Undefined();
}

Value client_call(const CallbackInfo& info) {
  const ClientVisit visit(info);
  if (!visit.found()) return info.Env().Undefined();
  const bool keep = is_true(info[3]);
  return exchange(info, visit, [&](uint64_t token, int64_t deadline) {
    return finish_call(info.Env(), visit, token, deadline, keep);
  });
}

Value client_call_into(const CallbackInfo& info) {
  const ClientVisit visit(info);
  std::span<std::byte> into;
  if (!visit.found() || !read_bytes(info[3], into)) return info.Env().Undefined();
  // Nothing of JavaScript's runs before the answer is in it.
  return exchange(info, visit, [&](uint64_t token, int64_t deadline) {
    return finish_call_into(info.Env(), visit, token, deadline, into);
  });
}

// What stands before each answer of several.
struct AnswerHead {
  double token;
  uint32_t size;
  uint32_t zero;
};

Value client_answers(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  if (!visit.found()) return env.Undefined();
  client::Session& session = visit.session();
  Arrivals& arrivals = EnvState::of(env)->arrivals;
  ScratchHead& scratch = EnvState::of(env)->scratch.head();
  scratch.offset = arrivals.offset();
  scratch.zero_copy = 0;
  std::span<std::byte> room = arrivals.room();
  for (uint32_t count = 0;; ++count) {
    uint64_t token = 0;
    uint32_t size = 0;
    const Status status = session.answer(token, size);
    if (status != Status::kOk && (count > 0 || status == Status::kErrTryAgain))
      return Number::New(env, count);
    if (status != Status::kOk) return answer(env, status, size);
    const AnswerHead head{static_cast<double>(token), size, 0};
    const auto place = visit.entry().in_place ? session.answer_in_buffer() : std::nullopt;
    if (place.has_value()) {
      if (count > 0) return Number::New(env, count);
      describe_place(scratch, *place);
      scratch.token = head.token;
      session.keep_answer();
      return Number::New(env, -static_cast<double>(size));
    }
    const size_t taken = wire::up_to_next(sizeof head + size);
    if (size > Arrivals::kSmallBytes || taken > room.size()) {
      // The same one is found by the next look.
      if (count > 0) return Number::New(env, count);
      scratch.token = head.token;
      return Number::New(env, -static_cast<double>(size));
    }
    std::memcpy(room.data(), &head, sizeof head);
    (void)session.read_answer(room.subspan(sizeof head));
    session.answer_done();
    arrivals.take(taken);
    room = room.subspan(taken);
  }
}

Value client_abandon(const CallbackInfo& info) {
  const ClientVisit visit(info);
  uint64_t token = 0;
  if (visit.found() && read_number(info[1], token)) visit.session().abandon(token);
  return info.Env().Undefined();
}

Value client_receive(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  std::span<std::byte> into;
  if (!visit.found() || !read_bytes(info[1], into)) return env.Undefined();
  if (visit.session().answer_size() == 0) {
    (void)check(env, Status::kErrBadOperation, "there is no answer to receive");
    return env.Undefined();
  }
  sys::count_memory(into.size());
  const size_t copied = visit.session().read_answer(into);
  visit.session().answer_done();
  return Number::New(env, static_cast<double>(copied));
}

Value client_response(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ClientVisit visit(info);
  if (!visit.found()) return env.Undefined();
  const std::optional<client::InPlace> place = visit.session().answer_in_place();
  if (!place.has_value() || !EnvState::of(env)->shows_memory) return env.Undefined();
  View& view = visit.entry().response;
  if (view.empty()) view = View(env, place->memory, 0, place->memory->size());
  return view.empty() ? env.Undefined() : Value(view.value());
}

Value client_late_answers(const CallbackInfo& info) {
  const ClientVisit visit(info);
  if (!visit.found()) return info.Env().Undefined();
  return Number::New(info.Env(), static_cast<double>(visit.session().late_answers()));
}

Value client_hear(const CallbackInfo& info) {
  const ClientVisit visit(info);
  if (!visit.found()) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), visit.session().hear());
}

Value client_sleep(const CallbackInfo& info) {
  const ClientVisit visit(info);
  uint64_t wants = 0;
  if (!visit.found() || !read_number(info[1], wants)) return info.Env().Undefined();
  return Number::New(info.Env(), visit.session().sleep(static_cast<client::Wants>(wants & 7)));
}

}  // namespace

void export_client_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("clientConnect", Napi::Function::New<client_connect>(env));
  exports.Set("clientBegin", Napi::Function::New<client_begin>(env));
  exports.Set("clientAdvance", Napi::Function::New<client_advance>(env));
  exports.Set("clientEvents", Napi::Function::New<client_events>(env));
  exports.Set("clientSocket", Napi::Function::New<client_socket>(env));
  exports.Set("clientFd", Napi::Function::New<client_fd>(env));
  exports.Set("clientBell", Napi::Function::New<client_bell>(env));
  exports.Set("clientClose", Napi::Function::New<client_close>(env));
  exports.Set("clientFacts", Napi::Function::New<client_facts>(env));
  exports.Set("clientSend", Napi::Function::New<client_send>(env));
  exports.Set("clientAwait", Napi::Function::New<client_await>(env));
  exports.Set("clientCall", Napi::Function::New<client_call>(env));
  exports.Set("clientCallInto", Napi::Function::New<client_call_into>(env));
  exports.Set("clientAnswers", Napi::Function::New<client_answers>(env));
  exports.Set("clientAbandon", Napi::Function::New<client_abandon>(env));
  exports.Set("clientReceive", Napi::Function::New<client_receive>(env));
  exports.Set("clientResponse", Napi::Function::New<client_response>(env));
  exports.Set("clientLateAnswers", Napi::Function::New<client_late_answers>(env));
  exports.Set("clientHear", Napi::Function::New<client_hear>(env));
  exports.Set("clientSleep", Napi::Function::New<client_sleep>(env));
}

}  // namespace coroipc::js
