#include "client/session.h"

#include "client/classic_session.h"
#include "client/native_session.h"
#include "sys/clock.h"

namespace coroipc::client {

namespace {

// How long a wait for the socket sleeps before it looks whether it is to end.
constexpr int64_t kInterruptNs = 20'000'000;

}  // namespace

sys::Result<std::unique_ptr<Session>> Session::begin(const Options& options,
                                                     sys::SemaphoreWatch& watch) {
  sys::Result<sys::Fd> socket = sys::connect_to(options.name);
  if (!socket.ok()) return socket.failure();
  sys::Result<sys::Credentials> server = sys::peer_credentials(socket.value());
  if (!server.ok()) return server.failure();
  if (options.server_uid.has_value() && server.value().uid != *options.server_uid)
    return sys::Failure{Status::kErrSecurity};
  if (options.classic.has_value())
    return ClassicSession::begin(options, std::move(socket.value()), server.value(), watch);
  return std::unique_ptr<Session>(
      new NativeSession(options, std::move(socket.value()), server.value()));
}

sys::Outcome Session::finish_handshake(int64_t deadline_ns) {
  for (;;) {
    sys::Result<bool> done = advance();
    if (!done.ok()) return done.failure();
    if (done.value()) return sys::Nothing{};
    const Status waited = wait_for_socket(handshake_events(), deadline_ns);
    if (waited != Status::kOk) return sys::Failure{waited};
  }
}

Status Session::wait_for_socket(short events, int64_t deadline_ns) const {
  for (;;) {
    const int64_t now = sys::now_ns();
    const int64_t slice = deadline_ns - now < kInterruptNs ? deadline_ns : now + kInterruptNs;
    if (sys::wait_for(socket_, events, slice) != 0) return Status::kOk;
    if (slice == deadline_ns) return Status::kErrTimeout;
    if (interrupted()) return Status::kErrInterrupt;
  }
}

}  // namespace coroipc::client
