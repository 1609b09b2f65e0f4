// Requests: from the doorbell to the host and back to the answer; see server.h.
//
// A connection is either asleep (its peer rings when it has something) or hot (the server looks at
// it itself, this turn or the next). A connection that was just served stays hot for a short spin,
// because a caller that got its answer often calls again at once; then it is put to sleep.
#include "server/server.h"
#include "sys/clock.h"

namespace coroipc::server {

namespace {

// The longest time in one turn, so that timers and other descriptors are served; and after how many
// looks the clock is asked.
constexpr int64_t kTurnNs = 1'000'000;
constexpr int kClockEvery = 8;

// Whether the client has taken that buffer of ours, and such a message lies within it.
bool holds(const Connection& connection, uint32_t buffer, const wire::ResponseHeader& header) {
  wire::Buffers* buffers = connection.channel->buffers();
  if (buffers == nullptr || buffers->answer(buffer) != Status::kOk) return false;
  const std::optional<wire::SharedMemory> memory = buffers->own_memory(buffer);
  return memory.has_value() && header.size >= static_cast<int32_t>(sizeof header) &&
         static_cast<size_t>(header.size) <= memory->bytes;
}

}  // namespace

void Server::heat(const Shared& connection) {
  if (connection->hot || connection->stage != Stage::kActive) return;
  connection->hot = true;
  connection->channel->wake();
  hot_.push_back(connection);
}

void Server::want_turn() {
  if (turn_wanted_ || closing_) return;
  turn_wanted_ = true;
  if (!host_.poll_job()) bell_->ring();
}

void Server::on_bell() {
  std::vector<uint64_t> fired;
  bell_->take_fired(fired);
  for (const uint64_t id : fired)
    if (const Shared connection = get(id); connection != nullptr) heat(connection);
}

void Server::begin_turn() {
  in_turn_ = true;
  turn_wanted_ = false;
  budget_ = options_.requests_per_turn;
  until_clock_ = kClockEvery;
  turn_ends_ = sys::now_ns() + kTurnNs;
}

bool Server::next_request(Call& call) {
  // A host that drives its loop while it serves a request must not serve another inside of it.
  if (current_ != nullptr) finish_current();
  if (!in_turn_ && !closing_ && !(hot_.empty() && untold_.empty())) begin_turn();
  const auto any_ready = [&] {
    for (const Shared& connection : hot_)
      if (connection->stage == Stage::kActive &&
          connection->channel->ready(takes_requests(*connection)))
        return true;
    return false;
  };
  while (in_turn_ && !closing_ && budget_ > 0) {
    if (--until_clock_ == 0) {
      until_clock_ = kClockEvery;
      tell_all();
      if (sys::now_ns() >= turn_ends_) break;
    }
    bool something = false;
    // Round robin, by position: serving may add connections behind.
    for (size_t left = hot_.size(); left > 0; --left) {
      cursor_ = cursor_ + 1 < hot_.size() ? cursor_ + 1 : 0;
      const Shared connection = hot_[cursor_];
      const Served served = serve_one(connection, call);
      if (served == Served::kNothing) continue;
      something = connection->served = true;
      --budget_;
      if (served == Served::kCall) return true;
      break;
    }
    if (something) continue;
    tell_all();
    // A wait awake is short, and the clock is asked again soon.
    if (hot_.empty() || !spinner_.wait(any_ready)) break;
  }
  if (in_turn_) end_turn();
  return false;
}

// Whoever was served in a turn that had to end is looked at again in the next; the others sleep.
void Server::end_turn() {
  tell_all();
  in_turn_ = false;
  // One that was asked for meanwhile may have come already, in the midst of this one.
  turn_wanted_ = false;
  const bool cut_short = budget_ == 0 || sys::now_ns() >= turn_ends_;
  std::vector<Shared> cooled;
  cooled.swap(hot_);
  cursor_ = 0;
  for (const Shared& connection : cooled) {
    connection->hot = false;
    if (std::exchange(connection->served, false) && cut_short) {
      heat(connection);
    } else {
      sleep(connection);
    }
  }
  if (!hot_.empty()) want_turn();
}

// The host is done with reading what it got last, and has left whatever it called for it.
void Server::finish_current() {
  const Shared connection = std::move(current_);
  current_ = nullptr;
  if (connection->delegated != nullptr) {
    connection->delegated->current = 0;
    settle(connection);
  }
  if (connection->channel != nullptr) connection->channel->request_done();
  if (--connection->depth == 0) finish(connection);
}

bool Server::takes_requests(const Connection& connection) const {
  return connection.answers.empty() && !(options_.one_at_a_time && connection.unanswered > 0);
}

Server::Served Server::serve_one(const Shared& connection, Call& call) {
  if (connection->stage != Stage::kActive) return Served::kNothing;
  if (connection->channel->room_made()) {
    flush_answers(connection);
    flush(connection);
  }
  if (!connection->live() || !takes_requests(*connection)) return Served::kNothing;
  wire::Request request;
  switch (connection->channel->take(request)) {
    case wire::Take::kNothing:
      return Served::kNothing;
    case wire::Take::kServed:
      return Served::kSomething;
    case wire::Take::kBreach:
      breach(connection, "with a request");
      return Served::kSomething;
    case wire::Take::kRequest:
      break;
  }
  ++connection->unanswered;
  count(connection, Counter::kRequests, 1);
  if (!connection->live()) return Served::kSomething;
  if (request.id < 0 || static_cast<uint32_t>(request.id) >= wire::kIdLimit) {
    count(connection, Counter::kInvalidRequest, 1);
    connection->channel->request_done();
    answer_header(connection, request.token, request.id, Status::kErrInvalidParam);
    return Served::kSomething;
  }
  // Held like by a call-back of its own: what ends it meanwhile is finished afterwards.
  ++connection->depth;
  current_ = connection;
  current_request_ = request;
  readable_ = true;
  if (connection->delegated != nullptr) {
    connection->delegated->current = 1;
    connection->delegated->spins = spinner_.spins() ? 1 : 0;
  }
  call = {connection->id, request};
  return Served::kCall;
}

void Server::sleep(const Shared& connection) {
  if (connection->stage != Stage::kActive) return;
  if (connection->channel->sleep(takes_requests(*connection))) return;
  heat(connection);
  want_turn();
}

void Server::answer_header(const Shared& connection, uint64_t token, int32_t id, Status status) {
  const wire::ResponseHeader header{sizeof header, id, static_cast<int32_t>(status)};
  const wire::Bytes bytes = std::as_bytes(std::span(&header, 1));
  [[maybe_unused]] const Status sent = respond(connection->id, token, std::span(&bytes, 1));
}

// With the answer the peer has its memory back, and what was in it may be gone.
bool Server::may_read(ConnectionId id) const {
  return readable_ && current_ != nullptr && current_->id == id && current_->channel != nullptr &&
         current_->channel->awaits(current_request_.token);
}

Status Server::read_request(ConnectionId id, std::span<std::byte> into, uint32_t& size) {
  if (get(id) == nullptr) return Status::kErrBadHandle;
  if (!may_read(id)) return Status::kErrBadOperation;
  size = current_request_.size;
  if (into.size() < size) return Status::kErrInvalidParam;
  current_->channel->read_request(into);
  return Status::kOk;
}

Status Server::request_view(ConnectionId id, wire::SharedView& view, uint32_t& size) {
  if (get(id) == nullptr) return Status::kErrBadHandle;
  if (!may_read(id)) return Status::kErrBadOperation;
  std::optional<wire::SharedView> found = current_->channel->request_view();
  if (!found.has_value()) return Status::kErrBadOperation;
  size = current_request_.size;
  view = std::move(*found);
  return Status::kOk;
}

Status Server::may_respond(const Shared& connection, uint64_t token) const {
  if (connection == nullptr) return Status::kErrBadHandle;
  if (!connection->live()) return Status::kErrLibrary;
  if (connection->channel == nullptr || !connection->channel->awaits(token))
    return Status::kErrBadOperation;
  for (const Answer& answer : connection->answers)
    if (answer.token == token) return Status::kErrBadOperation;
  return Status::kOk;
}

Status Server::respond(ConnectionId id, uint64_t token, wire::Parts parts) {
  const Shared connection = get(id);
  if (const Status may = may_respond(connection, token); may != Status::kOk) return may;
  if (wire::total_size(parts) > connection->channel->response_bytes()) return Status::kErrTooBig;
  const wire::Publish put = connection->answers.empty() ? connection->channel->respond(token, parts)
                                                        : wire::Publish::kNoRoom;
  if (put == wire::Publish::kBreach) {
    breach(connection, "in the response ring");
    return Status::kErrLibrary;
  }
  if (put == wire::Publish::kNoRoom) {
    // As many as may be in flight can wait here, and no request is taken before all are gone.
    Answer waiting{token, std::vector<std::byte>(wire::total_size(parts))};
    wire::copy_parts(parts, waiting.message.data());
    connection->answers.push_back(std::move(waiting));
    allow(connection);
  }
  answer_given(connection);
  return Status::kOk;
}

Status Server::respond_in(ConnectionId id, uint64_t token, uint32_t buffer,
                          const wire::ResponseHeader& header) {
  const Shared connection = get(id);
  if (const Status may = may_respond(connection, token); may != Status::kOk) return may;
  if (!holds(*connection, buffer, header)) return Status::kErrInvalidParam;
  if (!connection->answers.empty()) return Status::kErrTryAgain;
  const auto size = static_cast<uint32_t>(header.size);
  const wire::Publish put = connection->channel->respond_in(token, buffer, size, header);
  if (put == wire::Publish::kNoRoom) return Status::kErrTryAgain;
  if (put == wire::Publish::kBreach) {
    breach(connection, "in the response ring");
    return Status::kErrLibrary;
  }
  answer_given(connection);
  return Status::kOk;
}

void Server::tell_later(const Shared& connection) {
  if (connection->untold || !connection->channel->untold()) return;
  connection->untold = true;
  if (connection->delegated != nullptr) connection->delegated->due = 1;
  untold_.push_back(connection);
  if (!in_turn_) want_turn();
}

void Server::tell_all() {
  for (const Shared& connection : untold_) {
    connection->untold = false;
    if (connection->delegated != nullptr) connection->delegated->due = 0;
    if (connection->live() && connection->channel != nullptr) connection->channel->tell();
  }
  untold_.clear();
}

void Server::answer_given(const Shared& connection) {
  --connection->unanswered;
  tell_later(connection);
  count(connection, Counter::kResponses, 1);
  // The caller of an answer given later often calls again at once; who could not be served before
  // perhaps can now.
  if (connection->hot || !connection->live()) return;
  heat(connection);
  if (!in_turn_) want_turn();
}

Status Server::dispatch_in(ConnectionId id, uint32_t buffer, const wire::ResponseHeader& header) {
  const Shared connection = get(id);
  if (connection == nullptr) return Status::kErrBadHandle;
  if (connection->stage != Stage::kActive) return Status::kErrLibrary;
  if (!holds(*connection, buffer, header)) return Status::kErrInvalidParam;
  if (!connection->queue.empty()) return Status::kErrTryAgain;
  const auto size = static_cast<uint32_t>(header.size);
  const wire::Publish put = connection->channel->publish_in(buffer, size, header);
  if (put == wire::Publish::kNoRoom) return Status::kErrTryAgain;
  if (put == wire::Publish::kBreach) {
    breach(connection, "in the dispatch ring");
    return Status::kErrLibrary;
  }
  tell_later(connection);
  count(connection, Counter::kDispatched, 1);
  return Status::kOk;
}

void Server::flush_answers(const Shared& connection) {
  while (!connection->answers.empty()) {
    const Answer& first = connection->answers.front();
    const wire::Bytes bytes = first.message;
    const wire::Publish put = connection->channel->respond(first.token, std::span(&bytes, 1));
    if (put == wire::Publish::kNoRoom) return;
    if (put == wire::Publish::kBreach) return breach(connection, "in the response ring");
    connection->answers.pop_front();
    tell_later(connection);
  }
  allow(connection);
}

}  // namespace coroipc::server
