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
constexpr int64_t kAcceptRetryNs = 20'000'000;

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
      next_id_(options.first_connection) {}

Server::~Server() = default;

Server::Shared Server::get(ConnectionId id) const {
  if (last_ != nullptr && last_->id == id) return last_;
  const auto found = connections_.find(id);
  if (found == connections_.end()) return nullptr;
  last_ = found->second;
  return last_;
}

const Connection* Server::find(ConnectionId id) const { return get(id).get(); }

void Server::on_accept() {
  for (int i = 0; i < kAcceptsPerTurn && !closing_; ++i) {
    sys::Result<sys::Fd> socket = sys::accept_one(listener_.fd());
    if (socket.ok()) {
      accept_one(std::move(socket.value()));
      continue;
    }
    const int code = socket.failure().code;
    if (code == EMFILE || code == ENFILE) return refuse_for_want_of_descriptors();
    if (code != ECONNABORTED && code != EINTR) return;
  }
}

void Server::accept_one(sys::Fd socket) {
  const ConnectionId id = next_id_++;
  auto connection = std::make_shared<Connection>(id, std::move(socket), options_.max_queue_bytes);
  sys::Result<sys::Credentials> credentials = sys::peer_credentials(connection->socket);
  if (!credentials.ok()) return host_.handshake_failed();
  connection->peer = {id, 0, credentials.value(), 0, connection->socket.get()};
  if (sys::waiting_for(credentials.value().pid, waiting_) != waiting_) {
    waiting_ = sys::Waiting::kSpins;
    spinner_ = sys::Spinner(options_.spin_us, waiting_);
  }
  if (connections_.size() >= options_.max_connections) {
    host_.log(LogLevel::kWarning, "connection refused: maxConnections is reached");
    if (connections_.size() >= options_.max_connections + kMostRefused)
      return host_.handshake_failed();
    connection->greeting->refusal = Status::kErrNoResources;
  }
  connection->handshake_deadline = sys::deadline_after_ms(options_.handshake_timeout_ms);
  connections_.emplace(id, connection);
  await_handshake(connection);
  host_.poll_add(connection->socket.get(), id);
  // Who begins and never ends must not keep out others, nor those of the same user who do end.
  const auto of_user = handshakes_of_.find(credentials.value().uid);
  if (of_user != handshakes_of_.end() && of_user->second.size() > options_.max_handshakes)
    fail(get(*of_user->second.begin()), Status::kOk, "its user has too many that are not finished");
  set_timer();
}

void Server::refuse_for_want_of_descriptors() {
  // Left alone, the listening descriptor would stay readable and the host's loop would spin. So
  // the spare descriptor makes room to take one caller in and hang up on it. What was taken in is
  // the next spare: its place is not given away in between.
  host_.log(LogLevel::kWarning, "connection refused: no descriptor is left");
  spare_.reset();
  sys::Result<sys::Fd> turned_away = sys::accept_one(listener_.fd());
  if (turned_away.ok()) {
    sys::hang_up(turned_away.value());
    spare_ = std::move(turned_away.value());
    return;
  }
  // Somebody else in the process was faster: look again a little later.
  host_.poll_modify(listener_.fd().get(), kListenerKey, 0);
  accept_again_at_ = sys::now_ns() + kAcceptRetryNs;
  set_timer();
}

void Server::accept_again() {
  accept_again_at_ = sys::kNever;
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
    fail(connection, Status::kOk, "not finished in time");
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
  connection->queue.clear();
  connection->answers.clear();
  if (connection->channel != nullptr) connection->channel->say_goodbye();
  host_.poll_remove(connection->socket.get(), connection->id);
  sys::close_connection(connection->socket);
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
