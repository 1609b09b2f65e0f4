// The functions of NativeAddon that have to do with servers and their connections: convert, call,
// convert back. See packages/core/src/native.ts for what each promises.
#include <algorithm>

#include "js/convert.h"
#include "js/env_state.h"
#include "js/functions.h"
#include "js/visit.h"
#include "sys/large_memory.h"
#include "wire/native/handshake.h"

namespace coroipc::js {

namespace {

using Napi::CallbackInfo;
using Napi::Number;
using Napi::Value;

// What serverDispatch says.
constexpr int kAlive = 1;
constexpr int kWantsTurn = 2;

// Each is -1 where nothing is asked for.
bool read_access(const Napi::Object& from, sys::Listener::Access& access) {
  double mode = -1;
  double uid = -1;
  double gid = -1;
  if (!read_member(from, "mode", mode) || !read_member(from, "uid", uid) ||
      !read_member(from, "gid", gid))
    return false;
  if (mode >= 0 && mode <= 0777) access.mode = static_cast<mode_t>(mode);
  if (uid >= 0 && uid <= UINT32_MAX) access.uid = static_cast<uid_t>(uid);
  if (gid >= 0 && gid <= UINT32_MAX) access.gid = static_cast<gid_t>(gid);
  return true;
}

bool read_options(const Value& value, server::Options& options) {
  if (!value.IsObject()) {
    Napi::TypeError::New(value.Env(), "options must be an object").ThrowAsJavaScriptException();
    return false;
  }
  const Napi::Object from = value.As<Napi::Object>();
  uint64_t connections = 0;
  uint64_t of_uid = 0;
  uint64_t handshakes = 0;
  uint64_t buffer_bytes = 0;
  uint64_t queue_bytes = 0;
  uint64_t zero_copy = 0;
  uint64_t requests = 0;
  uint64_t in_flight = 0;
  if (!read_member(from, "handshakeTimeoutMs", options.handshake_timeout_ms) ||
      !read_member(from, "maxConnections", connections) ||
      !read_member(from, "maxConnectionsPerUid", of_uid) ||
      !read_member(from, "maxHandshakes", handshakes) ||
      !read_member(from, "maxBytesPerConnection", options.max_bytes_per_connection) ||
      !read_member(from, "maxBufferBytes", buffer_bytes) ||
      !read_member(from, "maxQueueBytes", queue_bytes) ||
      !read_member(from, "maxZeroCopyBuffers", zero_copy) ||
      !read_member(from, "requestsPerTurn", requests) ||
      !read_member(from, "maxInFlight", in_flight) || !read_member(from, "spinUs", options.spin_us))
    return false;
  const Value name = from.Get("name");
  if (name.IsEmpty() || !name.IsString()) {
    Napi::TypeError::New(value.Env(), "name must be a string").ThrowAsJavaScriptException();
    return false;
  }
  options.name = name.As<Napi::String>().Utf8Value();
  options.max_connections = connections;
  options.max_connections_per_uid = of_uid;
  options.max_handshakes = std::max<uint64_t>(handshakes, 1);
  options.max_buffer_bytes = std::min<uint64_t>(buffer_bytes, wire::kMaxBufferBytes);
  options.max_queue_bytes = queue_bytes;
  options.max_zero_copy_buffers = zero_copy;
  options.requests_per_turn = std::max<uint64_t>(requests, 1);
  options.max_in_flight =
      static_cast<uint32_t>(std::clamp<uint64_t>(in_flight, 1, wire::native::kMostInFlight));
  if (!read_access(from, options.access)) return false;
  options.waiting = EnvState::of(value.Env())->waiting;
  options.native = is_true(from.Get("native"));
  options.classic = is_true(from.Get("classic"));
  options.one_at_a_time = is_true(from.Get("oneAtATime"));
  options.count_changes = is_true(from.Get("countChanges"));
  return !value.Env().IsExceptionPending();
}

bool name_fits(Napi::Env env, const std::string& name) {
  if (!name.empty() && name.size() <= sys::kMaxNameBytes) return true;
  Napi::RangeError::New(env, "name must have 1 to " + std::to_string(sys::kMaxNameBytes) +
                                 " bytes of UTF-8, not " + std::to_string(name.size()))
      .ThrowAsJavaScriptException();
  return false;
}

Value server_open(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  EnvState* state = EnvState::of(env);
  server::Options options;
  if (!read_options(info[0], options) || !name_fits(env, options.name)) return env.Undefined();
  if (!info[1].IsObject()) {
    Napi::TypeError::New(env, "host must be an object").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  auto entry = std::make_shared<ServerEntry>();
  entry->host = std::make_unique<HostAdapter>(env, info[1].As<Napi::Object>());
  if (env.IsExceptionPending()) return env.Undefined();
  const uint64_t number = state->next_server++;
  options.first_connection = (number << EnvState::kConnectionBits) + server::kFirstConnection;
  auto opened = server::Server::open(options, *entry->host, state->watch);
  if (!opened.ok()) {
    throw_failure(env, opened.failure(), "cannot listen on \"" + options.name + "\"");
    return env.Undefined();
  }
  entry->server = std::move(opened.value());
  state->servers.emplace(number, entry);
  entry->host->rethrow();
  if (env.IsExceptionPending()) {
    // A poll system that would not take one of its descriptors leaves it deaf.
    entry->host->silence();
    entry->server->close();
    state->servers.erase(number);
    return env.Undefined();
  }
  return Number::New(env, static_cast<double>(number));
}

Value server_accept(const CallbackInfo& info) {
  const ServerVisit visit = ServerVisit::by_server(info);
  if (visit.found()) visit.server().on_accept();
  return info.Env().Undefined();
}

Value server_dispatch(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_server(info);
  uint64_t key = 0;
  double revents = 0;
  if (!visit.found() || !read_number(info[1], key) || !read_double(info[2], revents))
    return env.Undefined();
  const auto bits = static_cast<short>(static_cast<int64_t>(revents) & 0x7fff);
  const bool alive = visit.server().on_ready(key, bits);
  return Number::New(env, (alive ? kAlive : 0) | (visit.server().wants_turn() ? kWantsTurn : 0));
}

// Where a request lies that JavaScript need not ask for, since it has seen that buffer before.
void describe_seen(const ServerVisit& visit, server::ConnectionId id, ScratchHead& head) {
  head.seen = kElsewhere;
  wire::SharedView shared;
  uint32_t size = 0;
  const server::Connection* connection = visit.server().find(id);
  if (connection == nullptr || connection->channel->buffers() == nullptr) return;
  if (visit.server().request_view(id, shared, size) != Status::kOk) return;
  const auto number = static_cast<uint32_t>(shared.buffer);
  if (!visit.host().buffers(id).shows_peer(number, shared.memory)) return;
  head.seen = static_cast<int32_t>(number);
  head.seen_offset = static_cast<int32_t>(shared.offset);
}

// What a request is, in the scratch; its bytes in the arrivals, when they are few.
Value server_next(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_server(info);
  server::Call call;
  if (!visit.found() || !visit.server().next_request(call)) return Number::New(env, 0);
  EnvState* state = EnvState::of(env);
  const wire::Request& request = call.request;
  int32_t offset = kElsewhere;
  const std::span<std::byte> room = state->arrivals.room();
  if (!request.zero_copy && request.size <= Arrivals::kSmallBytes &&
      wire::up_to_next(request.size) <= room.size()) {
    uint32_t size = 0;
    offset = state->arrivals.offset();
    (void)visit.server().read_request(call.connection, room, size);
    visit.server().done_reading();
    state->arrivals.take(size);
  }
  ScratchHead& head = state->scratch.head();
  head.connection = static_cast<double>(call.connection);
  head.token = static_cast<double>(request.token);
  head.id = request.id;
  head.zero_copy = request.zero_copy ? 1 : 0;
  head.offset = offset;
  head.alone = visit.server().looks_at_one() ? 1 : 0;
  if (request.zero_copy) describe_seen(visit, call.connection, head);
  return Number::New(env, request.size);
}

Value server_end_service(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_server(info);
  uint64_t service = 0;
  if (!visit.found() || !read_number(info[1], service)) return env.Undefined();
  if (service >= wire::kIdLimit) return Number::New(env, 0);
  const size_t left = visit.server().end_service(static_cast<uint32_t>(service));
  return Number::New(env, static_cast<double>(left));
}

Value server_close(const CallbackInfo& info) {
  const ServerVisit visit = ServerVisit::by_server(info);
  if (visit.found()) visit.server().close();
  return info.Env().Undefined();
}

Value request_read(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_connection(info);
  std::span<std::byte> into;
  if (!visit.found() || !read_bytes(info[1], into)) return env.Undefined();
  sys::count_memory(into.size());
  uint32_t size = 0;
  const Status status = visit.server().read_request(visit.number(), into, size);
  if (!check(env, status, "the request cannot be read")) return env.Undefined();
  return Number::New(env, size);
}

// The memory that the request lies in; the scratch says where.
Value request_view(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_connection(info);
  if (!visit.found()) return env.Undefined();
  wire::SharedView shared;
  uint32_t size = 0;
  const Status status = visit.server().request_view(visit.number(), shared, size);
  if (!check(env, status, "there is no zero-copy request") || !EnvState::of(env)->shows_memory)
    return env.Undefined();
  Value buffer = env.Undefined();
  const server::Connection* connection = visit.server().find(visit.number());
  if (connection->channel->buffers() != nullptr) {
    buffer = visit.host()
                 .buffers(visit.number())
                 .peer(env, static_cast<uint32_t>(shared.buffer), shared.memory);
  } else {
    const View view(env, shared.memory);
    if (!view.empty()) buffer = view.value();
  }
  if (env.IsExceptionPending()) return env.Undefined();
  ScratchHead& head = EnvState::of(env)->scratch.head();
  head.offset = static_cast<int32_t>(shared.offset);
  head.seen =
      connection->channel->buffers() != nullptr ? static_cast<int32_t>(shared.buffer) : kElsewhere;
  return buffer;
}

// Why a message of `bytes` bytes was not taken, for people.
std::string refusal(const char* what, Status status, size_t bytes, size_t limit) {
  const std::string about = std::string(what) + " of " + std::to_string(bytes) + " bytes";
  return status == Status::kErrTooBig ? about + ", the limit is " + std::to_string(limit) : about;
}

// What a message that was told to try again found.
std::string found_full(const ServerVisit& visit) {
  const server::Connection* connection = visit.server().find(visit.number());
  if (connection == nullptr) return "";
  const server::OutQueue& queue = connection->queue;
  return ": the ring is full, and " + std::to_string(queue.bytes()) + " bytes wait of " +
         std::to_string(queue.limit()) + " that may";
}

// What fits into a connection at most; 0 when it has no memory any more.
size_t limit_of(const ServerVisit& visit, size_t (wire::ServerChannel::*limit)() const) {
  const server::Connection* connection = visit.server().find(visit.number());
  if (connection == nullptr || connection->channel == nullptr) return 0;
  return (connection->channel.get()->*limit)();
}

Value respond(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_connection(info);
  MessageReader message;
  uint64_t token = 0;
  if (!visit.found() || !read_number(info[1], token) || !message.read(info[2]))
    return env.Undefined();
  const Status status = visit.server().respond(visit.number(), token, message.parts());
  if (status != Status::kOk) {
    (void)check(env, status,
                refusal("an answer", status, message.bytes(),
                        limit_of(visit, &wire::ServerChannel::response_bytes)));
  }
  return env.Undefined();
}

Value dispatch(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_connection(info);
  MessageReader message;
  if (!visit.found() || !message.read(info[1])) return env.Undefined();
  bool queued = false;
  const Status status = visit.server().dispatch(visit.number(), message.parts(), queued);
  if (status == Status::kOk) return Napi::Boolean::New(env, !queued);
  std::string why = refusal("a dispatch message", status, message.bytes(),
                            limit_of(visit, &wire::ServerChannel::largest_dispatch));
  if (status == Status::kErrTryAgain) why += found_full(visit);
  (void)check(env, status, why);
  return env.Undefined();
}

Value connection_overflow(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_connection(info);
  uint64_t policy = 0;
  if (!visit.found() || !read_number(info[1], policy)) return env.Undefined();
  if (policy >= server::kOverflows) {
    Napi::TypeError::New(env, "policy must be the number of one").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  std::optional<size_t> max_bytes;
  if (!info[2].IsUndefined()) {
    uint64_t bytes = 0;
    if (!read_number(info[2], bytes)) return env.Undefined();
    max_bytes = bytes;
  }
  const auto overflow = static_cast<server::Overflow>(policy);
  (void)check(env, visit.server().set_overflow(visit.number(), overflow, max_bytes), "connection");
  return env.Undefined();
}

Value connection_end(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_connection(info);
  if (visit.found()) (void)check(env, visit.server().end_connection(visit.number()), "connection");
  return env.Undefined();
}

Value connection_ref(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_connection(info);
  if (visit.found()) (void)check(env, visit.server().reference(visit.number()), "connection");
  return env.Undefined();
}

Value connection_unref(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_connection(info);
  if (visit.found())
    (void)check(env, visit.server().unreference(visit.number()), "reference of the connection");
  return env.Undefined();
}

Value connection_info(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ServerVisit visit = ServerVisit::by_connection(info);
  if (!visit.found()) return env.Undefined();
  const server::Connection* connection = visit.server().find(visit.number());
  if (connection == nullptr) {
    (void)check(env, Status::kErrBadHandle, "connection");
    return env.Undefined();
  }
  const auto number = [&](auto value) { return Number::New(env, static_cast<double>(value)); };
  const wire::ServerChannel* channel = connection->channel.get();
  Napi::Object found = Napi::Object::New(env);
  found.Set("fd", number(connection->socket.get()));
  found.Set("service", number(connection->peer.service));
  found.Set("uid", number(connection->peer.credentials.uid));
  found.Set("gid", number(connection->peer.credentials.gid));
  found.Set("pid", number(connection->peer.credentials.pid));
  found.Set("generation", number(connection->peer.generation));
  found.Set("requestBytes", number(channel == nullptr ? 0 : channel->request_bytes()));
  found.Set("responseBytes", number(channel == nullptr ? 0 : channel->response_bytes()));
  found.Set("dispatchBytes", number(channel == nullptr ? 0 : channel->dispatch_bytes()));
  found.Set("queuedMessages", number(connection->queue.messages()));
  found.Set("queuedBytes", number(connection->queue.bytes()));
  Napi::Array counters = Napi::Array::New(env, connection->counters.size());
  for (uint32_t i = 0; i < connection->counters.size(); ++i)
    counters.Set(i, number(connection->counters[i]));
  found.Set("counters", counters);
  return found;
}

}  // namespace

void export_server_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("serverOpen", Napi::Function::New<server_open>(env));
  exports.Set("serverAccept", Napi::Function::New<server_accept>(env));
  exports.Set("serverDispatch", Napi::Function::New<server_dispatch>(env));
  exports.Set("serverNext", Napi::Function::New<server_next>(env));
  exports.Set("serverEndService", Napi::Function::New<server_end_service>(env));
  exports.Set("serverClose", Napi::Function::New<server_close>(env));
  exports.Set("requestRead", Napi::Function::New<request_read>(env));
  exports.Set("requestView", Napi::Function::New<request_view>(env));
  exports.Set("respond", Napi::Function::New<respond>(env));
  exports.Set("dispatch", Napi::Function::New<dispatch>(env));
  exports.Set("connectionOverflow", Napi::Function::New<connection_overflow>(env));
  exports.Set("connectionEnd", Napi::Function::New<connection_end>(env));
  exports.Set("connectionRef", Napi::Function::New<connection_ref>(env));
  exports.Set("connectionUnref", Napi::Function::New<connection_unref>(env));
  exports.Set("connectionInfo", Napi::Function::New<connection_info>(env));
}

}  // namespace coroipc::js
