// Dispatch messages, the outgoing queue, and what the connection's socket says; see server.h.
#include <poll.h>

#include <algorithm>

#include "server/server.h"
#include "sys/clock.h"

namespace coroipc::server {

namespace {

// A queue is also tried on a timer: the protocol's own request to flush can be lost when messages
// are larger than half the ring. The pause grows while the client takes nothing.
constexpr int64_t kFirstFlushDelayNs = 2'000'000;
constexpr int64_t kLongestFlushDelayNs = 64'000'000;

}  // namespace

Status Server::dispatch(ConnectionId id, wire::Parts parts, bool& queued) {
  const Shared connection = get(id);
  if (connection == nullptr) return Status::kErrBadHandle;
  if (connection->stage != Stage::kActive && connection->stage != Stage::kConnecting)
    return Status::kErrLibrary;
  if (wire::total_size(parts) > connection->channel->largest_dispatch()) return Status::kErrTooBig;
  queued = false;
  if (connection->stage == Stage::kActive && connection->queue.empty()) {
    switch (connection->channel->publish(parts, false)) {
      case wire::Publish::kDone:
        tell_later(connection);
        count(connection, Counter::kDispatched, 1);
        update_interest(connection);
        return Status::kOk;
      case wire::Publish::kBreach:
        breach(connection, "in the dispatch ring");
        return Status::kErrLibrary;
      case wire::Publish::kNoRoom:
        break;
    }
  }
  return enqueue(connection, parts, queued);
}

Status Server::set_overflow(ConnectionId id, Overflow overflow, std::optional<size_t> max_bytes) {
  const Shared connection = get(id);
  if (connection == nullptr) return Status::kErrBadHandle;
  OutQueue& queue = connection->queue;
  queue.set_overflow(overflow, max_bytes.value_or(queue.max_bytes()));
  return Status::kOk;
}

Status Server::enqueue(const Shared& connection, wire::Parts parts, bool& queued) {
  OutQueue& queue = connection->queue;
  const size_t size = wire::total_size(parts);
  // What a connect function sends waits for the answer to the setup, so a ring's worth may wait.
  const bool connecting = connection->stage == Stage::kConnecting;
  const size_t limit =
      std::max(queue.limit(), connecting ? connection->channel->largest_dispatch() : 0);
  size_t dropped = 0;
  if (!queue.fits(size, limit)) {
    if (size <= limit && queue.overflow() == Overflow::kDisconnect)
      return end_overflowed(connection);
    if (size > limit || queue.overflow() != Overflow::kDropOldest)
      return refuse_message(connection, size);
    dropped = queue.drop_oldest(size, limit);
  }
  // Before anything is counted: the host may run then, and the parts are its memory.
  queue.push(parts);
  queued = true;
  allow(connection);
  if (dropped > 0) count(connection, Counter::kDropped, dropped);
  count(connection, Counter::kQueueSize, queue.messages());
  begin_backlog(connection);
  return Status::kOk;
}

Status Server::refuse_message(const Shared& connection, size_t size) {
  connection->refused_bytes = std::max(connection->refused_bytes, size);
  allow(connection);
  count(connection, Counter::kOverload, 1);
  begin_backlog(connection);
  return Status::kErrTryAgain;
}

Status Server::end_overflowed(const Shared& connection) {
  const OutQueue& queue = connection->queue;
  const std::string about = "connection " + std::to_string(connection->id) + " of uid " +
                            std::to_string(connection->peer.credentials.uid) + ", pid " +
                            std::to_string(connection->peer.credentials.pid) +
                            " does not keep up and is ended: " + std::to_string(queue.messages()) +
                            " messages of " + std::to_string(queue.bytes()) + " bytes wait";
  count(connection, Counter::kOverflow, 1);
  host_.log(LogLevel::kWarning, about);
  end(connection, "its queue is full");
  return Status::kErrLibrary;
}

// Before the answer to the setup there is nobody to tell, and what waits goes out right after it.
void Server::begin_backlog(const Shared& connection) {
  if (connection->backlogged || connection->stage != Stage::kActive) return;
  connection->flush_delay_ns = kFirstFlushDelayNs;
  flushes_[connection->id] = sys::now_ns() + connection->flush_delay_ns;
  set_timer();
  // Last: what is counted here may end the connection.
  set_backlogged(connection, true);
  // Who is asleep was to be woken for requests; now room is wanted, too.
  if (connection->live() && !connection->hot) sleep(connection);
}

void Server::set_backlogged(const Shared& connection, bool on) {
  if (connection->backlogged == on) return;
  connection->backlogged = on;
  allow(connection);
  if (on) {
    connection->channel->backlog_began();
    count(connection, Counter::kFlowControlCount, 1);
  } else {
    connection->channel->backlog_ended();
    tell_later(connection);
  }
  count(connection, Counter::kFlowControl, on ? 1 : 0);
  update_interest(connection);
}

void Server::flush(const Shared& connection) {
  if (connection->stage != Stage::kActive || !connection->owes_drain()) return;
  size_t sent = 0;
  while (!connection->queue.empty()) {
    const wire::Bytes front = connection->queue.front();
    const wire::Publish result = connection->channel->publish(std::span(&front, 1), true);
    if (result == wire::Publish::kBreach) return breach(connection, "in the dispatch ring");
    if (result == wire::Publish::kNoRoom) break;
    connection->queue.pop();
    tell_later(connection);
    ++sent;
    count(connection, Counter::kDispatched, 1);
    if (!connection->live()) return;
  }
  if (sent > 0) count(connection, Counter::kQueueSize, connection->queue.messages());
  update_interest(connection);
  if (!connection->live()) return;
  // A message larger than the queue's limit cannot wait here: its sender does.
  const size_t refused = connection->refused_bytes;
  const bool waits = !connection->queue.empty() || (refused > connection->queue.limit() &&
                                                    !connection->channel->has_room(refused));
  if (!waits) connection->refused_bytes = 0;
  allow(connection);
  set_backlogged(connection, waits);
  if (!connection->live()) return;
  if (!connection->owes_drain()) {
    flushes_.erase(connection->id);
    set_timer();
    return call(connection, [&] { host_.drained(connection->id); });
  }
  const int64_t longer = connection->flush_delay_ns * 2;
  connection->flush_delay_ns =
      sent > 0 ? kFirstFlushDelayNs : std::clamp(longer, kFirstFlushDelayNs, kLongestFlushDelayNs);
  flushes_[connection->id] = sys::now_ns() + connection->flush_delay_ns;
  set_timer();
}

void Server::on_socket(const Shared& connection, short revents) {
  if ((revents & POLLOUT) != 0) {
    connection->channel->pay();
    update_interest(connection);
    if (!connection->live()) return;
  }
  if ((revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) == 0) return;
  const wire::Heard heard = connection->channel->listen();
  if (heard.breach) return breach(connection, "on its socket");
  if (heard.woken) heat(connection);
  if (heard.answer) call(connection, [&] { host_.buffer_answered(connection->id); });
  if (!connection->live()) return;
  if (heard.over) return end(connection, "the peer hung up");
  if (!heard.flush) return;
  // Messages that are sent now answer by themselves.
  const bool none_queued = connection->queue.empty();
  flush(connection);
  if (!none_queued || !connection->live() || connection->owes_drain()) return;
  connection->channel->answer_flush();
  update_interest(connection);
}

void Server::update_interest(const Shared& connection) {
  if (!connection->live()) return;
  const bool wants = connection->channel->owes();
  if (wants == connection->wants_writable) return;
  connection->wants_writable = wants;
  host_.poll_modify(connection->socket.get(), connection->id,
                    static_cast<short>(wants ? POLLIN | POLLOUT : POLLIN));
  if (wants) count(connection, Counter::kSendRetryCount, 1);
}

void Server::count(const Shared& connection, Counter counter, uint64_t value) {
  uint64_t& total = connection->counters[static_cast<size_t>(counter)];
  const bool level = counter == Counter::kQueueSize || counter == Counter::kFlowControl;
  total = level ? value : total + value;
  if (options_.count_changes)
    call(connection, [&] { host_.counted(connection->id, counter, value); });
}

}  // namespace coroipc::server
