// The functions of NativeAddon that have to do with a client's life and its requests: convert,
// call, convert back. See packages/core/src/native.ts for what each promises.
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
using wire::classic::Generation;

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
  if (name.IsEmpty() || !read_member(from, "service", service) ||
      !read_member(from, "requestBytes", request) ||
      !read_member(from, "responseBytes", response) ||
      !read_member(from, "dispatchBytes", dispatch) ||
      !read_member(from, "generation", generation) || !read_member(from, "spinUs", options.spin_us))
    return false;
  options.name = name.IsString() ? name.As<Napi::String>().Utf8Value() : std::string();
  if (options.name.empty() || options.name.size() > sys::kMaxNameBytes || service > UINT32_MAX ||
      (generation != 12 && generation != 14)) {
    Napi::RangeError::New(env, "name, service or generation is out of range")
        .ThrowAsJavaScriptException();
    return false;
  }
  if (!size_fits(env, "requestBytes", request, sizeof(wire::classic::ZcbAllocMessage)) ||
      !size_fits(env, "responseBytes", response, sizeof(wire::ResponseHeader)) ||
      !size_fits(env, "dispatchBytes", dispatch, 1))
    return false;
  options.service = static_cast<uint32_t>(service);
  options.generation = static_cast<Generation>(generation);
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
  const bool nobody = begun.failure().code == ECONNREFUSED;
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
  const auto client = find_client(info);
  if (client == nullptr) return env.Undefined();
  sys::Result<bool> done = client->session->advance();
  if (done.ok()) return Napi::Boolean::New(env, done.value());
  throw_failure(env, done.failure(), "the connection was not made");
  return env.Undefined();
}

Value client_events(const CallbackInfo& info) {
  const auto client = find_client(info);
  if (client == nullptr) return info.Env().Undefined();
  return Number::New(info.Env(), client->session->handshake_events());
}

Value client_socket(const CallbackInfo& info) {
  const auto client = find_client(info);
  if (client == nullptr) return info.Env().Undefined();
  return Number::New(info.Env(), client->session->socket());
}

Value client_request_bytes(const CallbackInfo& info) {
  const auto client = find_client(info);
  if (client == nullptr) return info.Env().Undefined();
  const size_t bytes = client->session->channel().request_bytes();
  return Number::New(info.Env(), static_cast<double>(bytes));
}

Value client_server_pid(const CallbackInfo& info) {
  const auto client = find_client(info);
  if (client == nullptr) return info.Env().Undefined();
  return Number::New(info.Env(), client->session->server_pid());
}

Value descriptor(const CallbackInfo& info, sys::Result<int> fd) {
  if (fd.ok()) return Number::New(info.Env(), fd.value());
  throw_failure(info.Env(), fd.failure(), "no descriptor to watch the client by");
  return info.Env().Undefined();
}

Value client_fd(const CallbackInfo& info) {
  const auto client = find_client(info);
  if (client == nullptr) return info.Env().Undefined();
  return descriptor(info, client->session->user_fd());
}

Value client_bell(const CallbackInfo& info) {
  const auto client = find_client(info);
  if (client == nullptr) return info.Env().Undefined();
  return descriptor(info, client->session->bell_fd());
}

Value client_close(const CallbackInfo& info) {
  const auto client = find_client(info);
  if (client == nullptr) return info.Env().Undefined();
  client->detach_views();
  uint64_t number = 0;
  if (read_number(info[0], number)) EnvState::of(info.Env())->clients.erase(number);
  return info.Env().Undefined();
}

bool sent_parts(Napi::Env env, ClientEntry& client, const PartsReader& message) {
  const Status status = client.session->send(message.parts());
  return sent(env, *client.session, status, wire::total_size(message.parts()));
}

Value client_send(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto client = find_client(info);
  PartsReader message;
  if (client != nullptr && message.read(info[1])) (void)sent_parts(env, *client, message);
  return env.Undefined();
}

Value client_await(const CallbackInfo& info) {
  const auto client = find_client(info);
  int64_t deadline = 0;
  if (client == nullptr || !read_deadline(info[1], deadline)) return info.Env().Undefined();
  uint32_t size = 0;
  const Status status = client->session->await(deadline, size);
  return answer(info.Env(), status, size);
}

Value client_call(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto client = find_client(info);
  PartsReader message;
  int64_t deadline = 0;
  if (client == nullptr || !message.read(info[1]) || !read_deadline(info[2], deadline))
    return env.Undefined();
  if (!sent_parts(env, *client, message)) return env.Undefined();
  uint32_t size = 0;
  const Status status = client->session->await(deadline, size);
  return answer(env, status, size);
}

Value client_arm(const CallbackInfo& info) {
  const auto client = find_client(info);
  if (client == nullptr) return info.Env().Undefined();
  uint32_t size = 0;
  const Status status = client->session->arm(size);
  return answer(info.Env(), status, size);
}

Value client_abandon(const CallbackInfo& info) {
  const auto client = find_client(info);
  if (client != nullptr) client->session->abandon();
  return info.Env().Undefined();
}

Value client_receive(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto client = find_client(info);
  std::span<std::byte> into;
  if (client == nullptr || !read_bytes(info[1], into)) return env.Undefined();
  const size_t size = client->session->answer_size();
  if (size == 0) {
    (void)check(env, Status::kErrBadOperation, "there is no answer to receive");
    return env.Undefined();
  }
  const size_t copied = std::min(size, into.size());
  if (copied > 0)
    std::memcpy(into.data(), client->session->channel().response_memory()->data(), copied);
  client->session->receive_done();
  return Number::New(env, static_cast<double>(copied));
}

Value client_response(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto client = find_client(info);
  if (client == nullptr) return env.Undefined();
  const auto& memory = client->session->channel().response_memory();
  if (client->response.empty()) client->response = View(env, memory, 0, memory->size());
  return client->response.empty() ? env.Undefined() : Value(client->response.value());
}

Value client_late_answers(const CallbackInfo& info) {
  const auto client = find_client(info);
  if (client == nullptr) return info.Env().Undefined();
  return Number::New(info.Env(), static_cast<double>(client->session->late_answers()));
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
  exports.Set("clientRequestBytes", Napi::Function::New<client_request_bytes>(env));
  exports.Set("clientServerPid", Napi::Function::New<client_server_pid>(env));
  exports.Set("clientSend", Napi::Function::New<client_send>(env));
  exports.Set("clientAwait", Napi::Function::New<client_await>(env));
  exports.Set("clientCall", Napi::Function::New<client_call>(env));
  exports.Set("clientArm", Napi::Function::New<client_arm>(env));
  exports.Set("clientAbandon", Napi::Function::New<client_abandon>(env));
  exports.Set("clientReceive", Napi::Function::New<client_receive>(env));
  exports.Set("clientResponse", Napi::Function::New<client_response>(env));
  exports.Set("clientLateAnswers", Napi::Function::New<client_late_answers>(env));
}

}  // namespace coroipc::js
