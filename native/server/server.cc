// The life of a server and of its connections; see server.h.
#include "server/server.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>

#include "sys/clock.h"
#include "sys/cpus.h"

namespace coroipc::server {

namespace {

constexpr int kBacklog = 128;
constexpr int kAcceptsPerTurn = 32;
// So many callers beyond maxConnections are heard, so that they can be told why not.
constexpr size_t kMostRefused = 64;
constexpr int64_t kBusyExitRetryNs = 10'000'000;
// Until the listener is looked at again: when nobody could be taken in; when somebody was, to be
// told that there is no descriptor, as soon as it says which wire it speaks.
constexpr int64_t kAcceptRetryNs = 20'000'000;
constexpr int64_t kTellNs = 100'000'000;

sys::Fd spare_descriptor() { return sys::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

sys::Result<std::unique_ptr<Server>> Server::open(const Options& options, Host& host,
                                                  sys::SemaphoreWatch& watch) {
  sys::Result<sys::Listener> listener = sys::Listener::open(options.name, options.access, kBacklog);
  if (!listener.ok()) return listener.failure();
  auto bell = sys::WatchBell::make();
  if (!bell.ok()) return bell.failure();
  auto timer = sys::Timer::make();
  if (!timer.ok()) return timer.failure();
  sys::Fd spare = spare_descriptor();
  if (!spare.open()) return sys::system_failure("open");
  std::unique_ptr<Server> server(new Server(options, host, watch, std::move(listener.value()),
                                            std::move(spare), std::move(bell.value()),
                                            std::move(timer.value())));
  host.poll_add(server->listener_.fd().get(), kListenerKey);
  host.poll_add(server->bell_->fd(), kBellKey);
  host.poll_add(server->timer_.fd(), kTimerKey);
  return server;
}

Server::Server(const Options& options, Host& host, sys::SemaphoreWatch& watch,
               sys::Listener listener, sys::Fd spare, std::shared_ptr<sys::WatchBell> bell,
               sys::Timer timer)
    : options_(options),
      host_(host),
      watch_(watch),
      bell_(std::move(bell)),
      listener_(std::move(listener)),
      spare_(std::move(spare)),
      timer_(std::move(timer)),
      waiting_(options.waiting),
      spinner_(options.spin_us, options.waiting),
      next_id_(options.first_connection),
      census_(options.max_connections, options.max_connections_per_uid) {}

Server::~Server() = default;

Server::Shared Server::get(ConnectionId id) {
  if (last_ == nullptr || last_->id != id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return nullptr;
    last_ = found->second;
  }
  if (last_->delegated != nullptr) settle(last_);
  return last_;
}

const Connection* Server::find(ConnectionId id) { return get(id).get(); }

void Server::on_accept() {
  // A host that cannot cease to watch it has come back because somebody else waits.
  if (accept_again_at_ != sys::kNever) accept_again();
  for (int i = 0; i < kAcceptsPerTurn && !closing_ && accept_again_at_ == sys::kNever; ++i) {
    sys::Result<sys::Fd> socket = sys::accept_one(listener_.fd());
    if (socket.ok()) {
      accept_one(std::move(socket.value()));
      continue;
    }
    switch (socket.failure().code) {
      case EAGAIN:
        return;
      case ECONNABORTED:
      case EINTR:
        continue;
      default:
        return turn_one_away(socket.failure());
    }
  }
}

Server::Shared Server::take_in(sys::Fd socket) {
  const ConnectionId id = next_id_++;
  Shared connection = Shared::make(id, std::move(socket), options_.max_queue_bytes);
  sys::Result<sys::Credentials> credentials = sys::peer_credentials(connection->socket);
  if (!credentials.ok()) {
    host_.turned_away(TurnedAway::kForFault);
    return nullptr;
  }
  connection->peer = {id, 0, credentials.value(), 0, connection->socket.get()};
  connection->handshake_deadline = sys::deadline_after_ms(options_.handshake_timeout_ms);
  return connection;
}

void Server::accept_one(sys::Fd socket) {
  const Shared connection = take_in(std::move(socket));
  if (connection == nullptr) return;
  const sys::Credentials& peer = connection->peer.credentials;
  if (sys::waiting_for(peer.pid, waiting_) != waiting_) {
    waiting_ = sys::Waiting::kSpins;
    spinner_ = sys::Spinner(options_.spin_us, waiting_);
  }
  std::optional<Refusal> refusal = refusal_of(peer.uid);
  if (!refusal.has_value()) {
    connection->counted = true;
    census_.enter(peer.uid);
    watch(connection);
    return bound_handshakes(peer.uid);
  }
  const std::string why = refusal->why;
  if (refused_ < kMostRefused) {
    ++refused_;
    connection->greeting->refusal = std::move(refusal);
    watch(connection);
  }
  tell_refusal(*connection, TurnedAway::kByLimit, why);
}

// Who begins and never ends must not keep out others, nor those of the same user who do end.
void Server::bound_handshakes(uid_t uid) {
  const auto of_user = handshakes_of_.find(uid);
  if (of_user == handshakes_of_.end() || of_user->second.size() <= options_.max_handshakes) return;
  fail(get(*of_user->second.begin()), Status::kOk, "its user has too many that are not finished");
}

void Server::watch(const Shared& connection) {
  connections_.emplace(connection->id, connection);
  await_handshake(connection);
  host_.poll_add(connection->socket.get(), connection->id);
  set_timer();
}

std::optional<Refusal> Server::refusal_of(uid_t uid) const {
  const auto reached = [](Status status, const char* limit, size_t value) {
    return Refusal{status, std::string(limit) + " (" + std::to_string(value) + ") is reached"};
  };
  switch (census_.full_for(uid)) {
    case Census::Full::kConnections:
      return reached(Status::kErrNoResources, "maxConnections", options_.max_connections);
    case Census::Full::kConnectionsOfUid:
      return reached(Status::kErrNoResources, "maxConnectionsPerUid",
                     options_.max_connections_per_uid);
    case Census::Full::kNothing:
      break;
  }
  return std::nullopt;
}

// Nobody can be accepted, for want of a descriptor or of memory. Left alone, the listening
// descriptor would stay readable and the host's loop would spin, so it is not watched for a while.
// Where descriptors are what is missing the spare one makes room to take one caller in, who is told
// as soon as it has said which wire it speaks; then its place is the next spare.
void Server::turn_one_away(const sys::Failure& failure) {
  const bool no_descriptor = failure.code == EMFILE || failure.code == ENFILE;
  Shared connection;
  if (no_descriptor && spare_.open()) {
    spare_.reset();
    sys::Result<sys::Fd> socket = sys::accept_one(listener_.fd());
    if (socket.ok()) {
      connection = take_in(std::move(socket.value()));
    } else if (socket.failure().code == EAGAIN) {
      // Room is looked for before callers are, and nobody called.
      spare_ = spare_descriptor();
      return;
    }
  }
  pause_accepting(connection == nullptr ? kAcceptRetryNs : kTellNs);
  if (closing_) return;
  if (connection == nullptr)
    return host_.log(LogLevel::kWarning, "nobody can be accepted" + sys::in_words(failure));
  const std::string why = "no descriptor is left" + sys::in_words(failure);
  ++refused_;
  turned_away_ = connection->id;
  connection->greeting->refusal = Refusal{Status::kErrNoResources, why};
  watch(connection);
  tell_refusal(*connection, TurnedAway::kForWant, why);
}

void Server::pause_accepting(int64_t for_ns) {
  host_.poll_modify(listener_.fd().get(), kListenerKey, 0);
  accept_again_at_ = sys::now_ns() + for_ns;
  set_timer();
}

void Server::accept_again() {
  accept_again_at_ = sys::kNever;
  // Whoever still has the spare's place has said nothing.
  if (const Shared silent = get(turned_away_); silent != nullptr)
    end(silent, "it did not say which wire it speaks");
  if (!spare_.open()) spare_ = spare_descriptor();
  if (!closing_) host_.poll_modify(listener_.fd().get(), kListenerKey, POLLIN);
}

bool Server::on_ready(SourceKey key, short revents) {
  if (closed_) return false;
  if (key == kListenerKey) {
    on_accept();
    return !closing_;
  }
  if (key == kBellKey) {
    if (!closing_) on_bell();
    return !closing_;
  }
  if (key == kTimerKey) {
    on_timer();
    return !closed_;
  }
  const Shared connection = get(key);
  if (connection == nullptr || !connection->live()) return false;
  if (connection->stage == Stage::kHandshake) {
    shake_hands(connection, revents);
  } else {
    on_socket(connection, revents);
  }
  return connection->live();
}

void Server::on_timer() {
  const int64_t now = sys::now_ns();
  timer_set_for_ = sys::kNever;
  timer_.set(sys::kNever);
  if (accept_again_at_ <= now) accept_again();
  while (!handshakes_.empty()) {
    const Shared connection = get(*handshakes_.begin());
    if (connection->handshake_deadline > now) break;
    time_out(connection);
  }
  // Collected first: what is called below may change these sets.
  std::vector<ConnectionId> due;
  for (const auto& [id, when] : flushes_)
    if (when <= now) due.push_back(id);
  for (const ConnectionId id : due)
    if (const Shared connection = get(id); connection != nullptr) flush(connection);
  const std::vector<ConnectionId> busy(busy_exits_.begin(), busy_exits_.end());
  for (const ConnectionId id : busy)
    if (const Shared connection = get(id); connection != nullptr && connection->retry_at <= now)
      finish(connection);
  set_timer();
}

void Server::set_timer() {
  if (closed_) return;
  int64_t next = accept_again_at_;
  if (!handshakes_.empty()) next = std::min(next, get(*handshakes_.begin())->handshake_deadline);
  for (const auto& [id, when] : flushes_) next = std::min(next, when);
  for (const ConnectionId id : busy_exits_) next = std::min(next, get(id)->retry_at);
  if (next == timer_set_for_) return;
  timer_set_for_ = next;
  timer_.set(next);
}

Status Server::end_connection(ConnectionId id) {
  const Shared connection = get(id);
  if (connection == nullptr) return Status::kErrBadHandle;
  end(connection, "ended by the server");
  return Status::kOk;
}

size_t Server::end_service(uint32_t service) {
  std::vector<Shared> of_service;
  for (const auto& [id, connection] : connections_)
    if (connection->known_to_host && connection->peer.service == service)
      of_service.push_back(connection);
  for (const Shared& connection : of_service) end(connection, "service ended");
  size_t left = 0;
  for (const Shared& connection : of_service) left += connections_.count(connection->id);
  return left;
}

void Server::end(const Shared& connection, const std::string& why) {
  if (!connection->live()) return;
  host_.log(LogLevel::kDebug, "connection " + std::to_string(connection->id) + " ends: " + why);
  const bool had_begun = connection->stage != Stage::kHandshake;
  connection->stage = had_begun ? Stage::kEnding : Stage::kOver;
  handshake_over(*connection);
  flushes_.erase(connection->id);
  allow(connection);
  connection->queue.clear();
  connection->answers.clear();
  if (connection->channel != nullptr) connection->channel->say_goodbye();
  if (!connection->is_native())
    wire::classic::remove_left_files(connection->socket, connection->peer.credentials.uid);
  host_.poll_remove(connection->socket.get(), connection->id);
  if (connection->id == turned_away_) {
    // Hung up on but not closed: its place is not given away in between.
    turned_away_ = 0;
    sys::hang_up(connection->socket);
    spare_ = std::move(connection->socket);
    if (accept_again_at_ != sys::kNever) accept_again();
  } else {
    sys::close_connection(connection->socket);
  }
  finish(connection);
  set_timer();
}

void Server::breach(const Shared& connection, const std::string& where) {
  if (!connection->live()) return;
  const sys::Credentials& peer = connection->peer.credentials;
  host_.log(LogLevel::kWarning, "connection " + std::to_string(connection->id) + " of uid " +
                                    std::to_string(peer.uid) + ", pid " + std::to_string(peer.pid) +
                                    " broke the protocol " + where + " and is ended");
  count(connection, Counter::kBreach, 1);
  end(connection, "protocol breach " + where);
}

void Server::finish(const Shared& connection) {
  // Inside one of its own call-backs the rest waits until that returns.
  if (connection->live() || connection->depth > 0) return;
  if (connection->stage == Stage::kEnding) {
    ++connection->depth;
    const bool done = host_.disconnected(connection->id);
    --connection->depth;
    if (!done) {
      connection->retry_at = sys::now_ns() + kBusyExitRetryNs;
      busy_exits_.insert(connection->id);
      return set_timer();
    }
    connection->stage = Stage::kOver;
    busy_exits_.erase(connection->id);
  }
  if (connection->references > 0 || connections_.erase(connection->id) == 0) return;
  last_ = nullptr;
  if (connection->counted) {
    census_.leave(connection->peer.credentials.uid);
  } else {
    --refused_;
  }
  connection->delegated = nullptr;
  connection->channel.reset();
  if (connection->known_to_host) host_.released(connection->id);
  finish_closing();
}

void Server::close() {
  if (closing_) return;
  closing_ = true;
  host_.poll_remove(listener_.fd().get(), kListenerKey);
  listener_.reset();
  host_.poll_remove(bell_->fd(), kBellKey);
  std::vector<Shared> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  for (const Shared& connection : all) end(connection, "server closed");
  finish_closing();
}

void Server::finish_closing() {
  // A connection that the application still refers to does not hold the server up.
  const bool waiting = std::any_of(connections_.begin(), connections_.end(), [](const auto& entry) {
    return entry.second->stage != Stage::kOver;
  });
  if (!closing_ || closed_ || waiting) return;
  closed_ = true;
  host_.poll_remove(timer_.fd(), kTimerKey);
  host_.closed();
}

Status Server::reference(ConnectionId id) {
  const Shared connection = get(id);
  if (connection == nullptr) return Status::kErrBadHandle;
  ++connection->references;
  return Status::kOk;
}

Status Server::unreference(ConnectionId id) {
  const Shared connection = get(id);
  if (connection == nullptr) return Status::kErrBadHandle;
  if (connection->references == 0) return Status::kErrBadOperation;
  --connection->references;
  finish(connection);
  return Status::kOk;
}

}  // namespace coroipc::server
