#include "js/host_adapter.h"

namespace coroipc::js {

namespace {

// As many as are given: a missing one is told by the compiler.
constexpr auto kNames = std::to_array<const char*>(
    {"pollAdd", "pollModify", "pollRemove", "pollJob", "admit", "connected", "disconnected",
     "released", "counted", "drained", "bufferAnswered", "turnedAway", "log", "closed"});

constexpr size_t kMostArguments = 7;

double number(uint64_t value) { return static_cast<double>(value); }

napi_value js_number(napi_env env, double value) {
  napi_value made = nullptr;
  napi_create_double(env, value, &made);
  return made;
}

}  // namespace

HostAdapter::HostAdapter(Napi::Env env, Napi::Object host)
    : env_(env), host_(Napi::Persistent(host)) {
  static_assert(kNames.size() == kMethods);
  for (size_t method = 0; method < kMethods; ++method) {
    const Napi::Value found = host.Get(kNames[method]);
    if (env.IsExceptionPending()) return;
    if (!found.IsFunction()) {
      const std::string what = std::string("host.") + kNames[method] + " must be a function";
      Napi::TypeError::New(env, what).ThrowAsJavaScriptException();
      return;
    }
    methods_[method] = Napi::Persistent(found.As<Napi::Function>());
  }
}

napi_value HostAdapter::call(Method method, std::span<const napi_value> arguments) {
  if (silent_) return nullptr;
  napi_value result = nullptr;
  const napi_status status = napi_call_function(env_, host_.Value(), methods_[method].Value(),
                                                arguments.size(), arguments.data(), &result);
  if (status == napi_ok) return result;
  // Anything else than an exception means that JavaScript cannot run here any more.
  if (status != napi_pending_exception) return nullptr;
  napi_value thrown = nullptr;
  if (napi_get_and_clear_last_exception(env_, &thrown) == napi_ok && thrown_.IsEmpty())
    thrown_ = Napi::Reference<Napi::Value>::New(Napi::Value(env_, thrown), 1);
  return nullptr;
}

void HostAdapter::rethrow() {
  if (thrown_.IsEmpty()) return;
  const Napi::Value thrown = thrown_.Value();
  thrown_.Reset();
  if (!env_.IsExceptionPending()) napi_throw(env_, thrown);
}

napi_value HostAdapter::call(Method method, std::initializer_list<double> arguments) {
  std::array<napi_value, kMostArguments> values{};
  size_t count = 0;
  for (const double argument : arguments) values[count++] = js_number(env_, argument);
  return call(method, std::span(values).first(count));
}

void HostAdapter::tell(Method method, std::initializer_list<double> arguments) {
  if (silent_) return;
  const Napi::HandleScope scope(env_);
  [[maybe_unused]] const napi_value nothing = call(method, arguments);
}

Status HostAdapter::ask_status(Method method, std::initializer_list<double> arguments) {
  if (silent_) return Status::kErrLibrary;
  const Napi::HandleScope scope(env_);
  const napi_value answer = call(method, arguments);
  double status = 0;
  if (answer == nullptr || napi_get_value_double(env_, answer, &status) != napi_ok)
    return Status::kErrLibrary;
  return static_cast<Status>(static_cast<int>(status));
}

void HostAdapter::poll_add(int fd, server::SourceKey key) {
  tell(kPollAdd, {static_cast<double>(fd), number(key)});
}

void HostAdapter::poll_modify(int fd, server::SourceKey key, short events) {
  tell(kPollModify, {static_cast<double>(fd), number(key), static_cast<double>(events)});
}

void HostAdapter::poll_remove(int fd, server::SourceKey key) {
  tell(kPollRemove, {static_cast<double>(fd), number(key)});
}

bool HostAdapter::poll_job() {
  // Nobody drives a server whose JavaScript cannot run.
  if (silent_) return true;
  const Napi::HandleScope scope(env_);
  const napi_value answer = call(kPollJob, std::span<const napi_value>());
  bool taken = false;
  if (answer != nullptr) napi_get_value_bool(env_, answer, &taken);
  return taken;
}

Status HostAdapter::admit(const server::Peer& peer) {
  return ask_status(
      kAdmit, {number(peer.connection), static_cast<double>(peer.service),
               static_cast<double>(peer.credentials.uid), static_cast<double>(peer.credentials.gid),
               static_cast<double>(peer.credentials.pid), static_cast<double>(peer.generation),
               static_cast<double>(peer.fd)});
}

Status HostAdapter::connected(server::ConnectionId connection) {
  return ask_status(kConnected, {number(connection)});
}

bool HostAdapter::disconnected(server::ConnectionId connection) {
  drop_views(connection);
  if (silent_) return true;
  const Napi::HandleScope scope(env_);
  const napi_value answer = call(kDisconnected, {number(connection)});
  bool done = true;
  if (answer != nullptr) napi_get_value_bool(env_, answer, &done);
  return done;
}

void HostAdapter::released(server::ConnectionId connection) {
  drop_views(connection);
  tell(kReleased, {number(connection)});
}

void HostAdapter::counted(server::ConnectionId connection, server::Counter counter,
                          uint64_t value) {
  tell(kCounted, {number(connection), static_cast<double>(counter), number(value)});
}

void HostAdapter::drained(server::ConnectionId connection) { tell(kDrained, {number(connection)}); }

void HostAdapter::buffer_answered(server::ConnectionId connection) {
  tell(kBufferAnswered, {number(connection)});
}

void HostAdapter::turned_away(server::TurnedAway why) {
  tell(kTurnedAway, {static_cast<double>(why)});
}

void HostAdapter::log(server::LogLevel level, const std::string& message) {
  if (silent_) return;
  const Napi::HandleScope scope(env_);
  const std::array<napi_value, 2> arguments = {js_number(env_, static_cast<int>(level)),
                                               Napi::String::New(env_, message)};
  [[maybe_unused]] const napi_value nothing = call(kLog, std::span(arguments));
}

void HostAdapter::closed() {
  closed_ = true;
  tell(kClosed, {});
}

void HostAdapter::drop_rings(server::ConnectionId connection) {
  const auto found = rings_.find(connection);
  if (found == rings_.end()) return;
  // Without JavaScript nobody can look through them any more.
  if (!silent_) found->second.detach();
  rings_.erase(found);
}

void HostAdapter::drop_views(server::ConnectionId connection) {
  buffers_.erase(connection);
  drop_rings(connection);
}

}  // namespace coroipc::js
