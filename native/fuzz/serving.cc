#include "fuzz/serving.h"

#include <unistd.h>

#include "client/session.h"
#include "fuzz/hostile.h"
#include "sys/clock.h"

namespace coroipc::fuzz {

namespace {

constexpr size_t kMostBytes = size_t{1} << 16;
constexpr int kTurnsBetweenPolls = 4;

server::Options options_of(const std::string& name) {
  server::Options options;
  options.name = name;
  options.handshake_timeout_ms = 60'000;
  options.max_connections = 8;
  options.max_connections_per_uid = 8;
  options.max_handshakes = 8;
  options.max_bytes_per_connection = uint64_t{1} << 30;
  options.max_buffer_bytes = kMostBytes;
  options.max_queue_bytes = kMostBytes;
  options.max_zero_copy_buffers = 4;
  options.max_in_flight = 4;
  options.requests_per_turn = 8;
  options.classic = true;
  return options;
}

}  // namespace

Serving::Serving(const std::string& name) : options_(options_of(name)) {
  auto opened = server::Server::open(options_, *this, watch_);
  DEMAND(opened.ok());
  server_ = std::move(opened.value());
}

bool Serving::turn(int most, int wait_ms) {
  for (int turns = 0; turns < most; ++turns)
    if (!turn_once(turns == 0 ? wait_ms : 0)) return true;
  return false;
}

bool Serving::turn_once(int wait_ms) {
  std::vector<pollfd> entries;
  std::vector<server::SourceKey> keys;
  for (const auto& [key, watched] : watched_) {
    entries.push_back({watched.fd, watched.events, 0});
    keys.push_back(key);
  }
  bool something = poll(entries.data(), entries.size(), wait_ms) > 0;
  for (size_t i = 0; i < entries.size(); ++i)
    if (entries[i].revents != 0 && watched_.contains(keys[i]))
      (void)server_->on_ready(keys[i], entries[i].revents);
  server::Call call;
  // Inside a request the one that is served must not be taken for done. A peer of the classic wire
  // may say that a hundred million requests wait, so the loop looks at its descriptors in between,
  // as any does.
  for (int turns = 0; turns < kTurnsBetweenPolls && !serving_ && server_->wants_turn(); ++turns) {
    something = true;
    while (server_->next_request(call)) serve(call);
  }
  return something;
}

void Serving::read(const server::Call& call) {
  std::vector<std::byte> message(call.request.size);
  uint32_t size = 0;
  const Status status = server_->read_request(call.connection, message, size);
  if (status == Status::kOk) {
    const auto header = wire::copy_out<wire::RequestHeader>(message.data());
    DEMAND(size == call.request.size && header.size == static_cast<int32_t>(size));
    DEMAND(header.id == call.request.id);
  }
  wire::SharedView view;
  if (server_->request_view(call.connection, view, size) != Status::kOk) return;
  DEMAND(view.offset <= view.memory.bytes && size <= view.memory.bytes - view.offset);
  read_all(view.memory.data + view.offset, size);
}

void Serving::serve(const server::Call& call) {
  serving_ = true;
  DEMAND(active_.contains(call.connection));
  DEMAND(call.request.size >= sizeof(wire::RequestHeader) && call.request.id >= 0);
  DEMAND(call.request.size <= kMostBytes);
  if (!manner.reads_late) read(call);
  if (manner.ends) (void)server_->end_connection(call.connection);
  if (manner.answers) {
    const wire::Bytes part = some_message(manner.answer_bytes);
    (void)server_->respond(call.connection, call.request.token, wire::Parts(&part, 1));
  } else if (unanswered_.size() < 64) {
    unanswered_.push_back(call);
  }
  if (manner.turns_inside) (void)turn_once();
  if (manner.reads_late) read(call);
  serving_ = false;
}

void Serving::answer_all(uint16_t bytes) {
  std::vector<server::Call> calls;
  calls.swap(unanswered_);
  const wire::Bytes part = some_message(bytes);
  for (const server::Call& call : calls)
    (void)server_->respond(call.connection, call.request.token, wire::Parts(&part, 1));
}

void Serving::reset() {
  unanswered_.clear();
  manner = {};
  admission = connect_outcome = Status::kOk;
  greeting_bytes = 0;
}

Status Serving::admit(const server::Peer& peer) {
  DEMAND(peer.credentials.uid == getuid() && known_.insert(peer.connection).second);
  return admission;
}

Status Serving::connected(server::ConnectionId connection) {
  DEMAND(known_.contains(connection));
  if (greeting_bytes > 0) {
    const wire::Bytes part = some_message(greeting_bytes);
    bool queued = false;
    (void)server_->dispatch(connection, wire::Parts(&part, 1), queued);
  }
  if (connect_outcome == Status::kOk) active_.insert(connection);
  return connect_outcome;
}

bool Serving::disconnected(server::ConnectionId connection) {
  DEMAND(active_.contains(connection) || connect_outcome != Status::kOk);
  active_.erase(connection);
  return true;
}

void Serving::released(server::ConnectionId connection) {
  DEMAND(known_.erase(connection) == 1 && !active_.contains(connection));
}

bool serves_honest_client(Serving& serving, int generation) {
  static sys::SemaphoreWatch watch;
  client::Options options;
  options.name = serving.name();
  options.sizes = {4096, 4096, 4096};
  if (generation != 0) options.classic = static_cast<wire::classic::Generation>(generation);
  auto begun = client::Session::begin(options, watch);
  if (!begun.ok()) return false;
  client::Session& session = *begun.value();
  for (int step = 0; step < 8 && !session.connected(); ++step) {
    if (!session.advance().ok()) return false;
    (void)serving.turn();
  }
  if (!session.connected()) return false;
  const wire::Bytes part = some_message(64);
  uint64_t token = 0;
  uint32_t size = 0;
  if (session.send(wire::Parts(&part, 1), token) != Status::kOk) return false;
  // A watch thread of the classic wire takes its time to ring the bell.
  const int64_t deadline = sys::deadline_after_ms(20'000);
  while (sys::now_ns() < deadline) {
    (void)serving.turn();
    const Status found = session.answer(token, size);
    if (found == Status::kOk) return size == serving.manner.answer_bytes;
    if (found != Status::kErrTryAgain) return false;
  }
  return false;
}

}  // namespace coroipc::fuzz
