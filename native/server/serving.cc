// Requests: from the bell to the handler and back to the answer; see server.h.
//
// A connection is either watched (a thread sleeps on its semaphore) or hot (the server looks at
// it itself, this turn or the next). A connection that was just served stays hot for a short
// spin, because a caller that got its answer often calls again at once; then it is watched.
#include "server/server.h"
#include "sys/clock.h"

namespace coroipc::server {

namespace {

// The longest time in one turn, so that timers and other descriptors are served.
constexpr int64_t kTurnNs = 1'000'000;

}  // namespace

void Server::heat(const Shared& connection) {
  if (connection->hot || !connection->live()) return;
  connection->hot = true;
  hot_.push_back(connection);
}

void Server::on_bell() {
  // A host that drives its loop from inside a handler must not serve inside a service.
  if (serving_ || closing_) return;
  serving_ = true;
  std::vector<uint64_t> fired;
  bell_->take_fired(fired);
  for (const uint64_t id : fired)
    if (const Shared connection = get(id); connection != nullptr) heat(connection);

  const int64_t turn_ends = sys::now_ns() + kTurnNs;
  size_t budget = options_.requests_per_turn;
  const auto in_turn = [&] { return budget > 0 && !closing_ && sys::now_ns() < turn_ends; };
  const auto any_ready = [&] {
    for (const Shared& connection : hot_)
      if (connection->live() && connection->channel->request_ready()) return true;
    return false;
  };
  bool more = true;
  while (more && in_turn()) {
    bool served = std::exchange(answered_late_, false);
    // Round robin, by position: serving may add connections behind.
    for (size_t left = hot_.size(); left > 0 && in_turn(); --left) {
      const Shared connection = hot_.front();
      hot_.pop_front();
      hot_.push_back(connection);
      if (!serve_one(connection)) continue;
      served = true;
      --budget;
    }
    more = served && in_turn() && spinner_.wait(any_ready);
  }
  serving_ = false;
  if (closing_) return hot_.clear();

  std::deque<Shared> cooled;
  cooled.swap(hot_);
  for (const Shared& connection : cooled) {
    connection->hot = false;
    if (connection->live()) watch_again(connection);
  }
}

bool Server::serve_one(const Shared& connection) {
  if (connection->stage != Stage::kActive) return false;
  if (connection->channel->heed_wake() && !connection->queue.empty()) flush(connection);
  if (!connection->live() || connection->request.has_value()) return false;
  wire::Request request;
  switch (connection->channel->take(request)) {
    case wire::Take::kNothing:
      return false;
    case wire::Take::kServed:
      return true;
    case wire::Take::kBreach:
      count(connection, Counter::kInvalidRequest, 1);
      host_.log(LogLevel::kWarning, "connection " + std::to_string(connection->id) +
                                        " broke the protocol with a request");
      end(connection, "protocol breach");
      return true;
    case wire::Take::kRequest:
      break;
  }
  connection->request = request;
  count(connection, Counter::kRequests, 1);
  if (!connection->live()) return true;
  if (request.id < 0 || static_cast<uint32_t>(request.id) >= wire::kIdLimit) {
    count(connection, Counter::kInvalidRequest, 1);
    answer_header(connection, request.id, Status::kErrInvalidParam);
    return true;
  }
  call(connection,
       [&] { host_.request(connection->id, request.id, request.size, request.zero_copy); });
  return true;
}

void Server::watch_again(const Shared& connection) {
  if (connection->stage != Stage::kActive) return;
  // While an answer is owed, a client of the old generation has nothing to say here.
  if (connection->request.has_value() && !connection->channel->wakes_while_answering()) return;
  if (watch_.arm(connection->watch)) return;
  heat(connection);
  bell_->ring();
}

void Server::answer_header(const Shared& connection, int32_t request_id, Status status) {
  const wire::ResponseHeader header{sizeof header, request_id, static_cast<int32_t>(status)};
  const wire::Bytes bytes = std::as_bytes(std::span(&header, 1));
  [[maybe_unused]] const Status sent = respond(connection->id, std::span(&bytes, 1));
}

Status Server::read_request(ConnectionId id, std::span<std::byte> into, uint32_t& size) {
  const Shared connection = get(id);
  if (connection == nullptr || connection->channel == nullptr) return Status::kErrBadHandle;
  if (!connection->request.has_value()) return Status::kErrBadOperation;
  size = connection->request->size;
  if (into.size() < size) return Status::kErrInvalidParam;
  connection->channel->read_request(into);
  return Status::kOk;
}

Status Server::request_view(ConnectionId id, wire::SharedView& view, uint32_t& size) {
  const Shared connection = get(id);
  if (connection == nullptr || connection->channel == nullptr) return Status::kErrBadHandle;
  if (!connection->request.has_value()) return Status::kErrBadOperation;
  std::optional<wire::SharedView> found = connection->channel->request_view();
  if (!found.has_value()) return Status::kErrBadOperation;
  size = connection->request->size;
  view = std::move(*found);
  return Status::kOk;
}

Status Server::respond(ConnectionId id, wire::Parts parts) {
  const Shared connection = get(id);
  if (connection == nullptr) return Status::kErrBadHandle;
  if (!connection->live()) return Status::kErrLibrary;
  if (!connection->request.has_value()) return Status::kErrBadOperation;
  if (wire::total_size(parts) > connection->channel->response_bytes()) return Status::kErrTooBig;
  connection->channel->respond(parts);
  connection->request.reset();
  count(connection, Counter::kResponses, 1);
  if (!connection->hot) {
    heat(connection);
    if (!serving_) bell_->ring();
  }
  // The caller of an answer given later, too, often calls again at once.
  answered_late_ = answered_late_ || !serving_;
  return Status::kOk;
}

}  // namespace coroipc::server
