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
        count(connection, Counter::kDispatched, 1);
        update_interest(connection);
        return Status::kOk;
      case wire::Publish::kBreach:
        end(connection, "protocol breach in the dispatch ring");
        return Status::kErrLibrary;
      case wire::Publish::kNoRoom:
        break;
    }
  }
  const bool first = connection->queue.empty();
  if (!connection->queue.push(parts)) {
    count(connection, Counter::kOverload, 1);
    return Status::kErrTryAgain;
  }
  queued = true;
  count(connection, Counter::kQueueSize, connection->queue.messages());
  if (!first || connection->stage != Stage::kActive) return Status::kOk;
  set_backlogged(connection, true);
  connection->flush_delay_ns = kFirstFlushDelayNs;
  flushes_[connection->id] = sys::now_ns() + connection->flush_delay_ns;
  set_timer();
  return Status::kOk;
}

void Server::set_backlogged(const Shared& connection, bool on) {
  if (connection->backlogged == on) return;
  connection->backlogged = on;
  if (on) {
    connection->channel->backlog_began();
    count(connection, Counter::kFlowControlCount, 1);
  } else {
    connection->channel->backlog_ended();
  }
  count(connection, Counter::kFlowControl, on ? 1 : 0);
  update_interest(connection);
}

void Server::flush(const Shared& connection) {
  if (connection->stage != Stage::kActive || connection->queue.empty()) return;
  size_t sent = 0;
  while (!connection->queue.empty()) {
    const wire::Bytes front = connection->queue.front();
    const wire::Publish result = connection->channel->publish(std::span(&front, 1), true);
    if (result == wire::Publish::kBreach)
      return end(connection, "protocol breach in the dispatch ring");
    if (result == wire::Publish::kNoRoom) break;
    connection->queue.pop();
    ++sent;
    count(connection, Counter::kDispatched, 1);
    if (!connection->live()) return;
  }
  if (sent > 0) count(connection, Counter::kQueueSize, connection->queue.messages());
  update_interest(connection);
  if (!connection->live()) return;
  set_backlogged(connection, !connection->queue.empty());
  if (connection->queue.empty()) {
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
  if (heard.breach) {
    count(connection, Counter::kInvalidRequest, 1);
    host_.log(LogLevel::kWarning,
              "connection " + std::to_string(connection->id) + " broke the protocol on its socket");
    return end(connection, "protocol breach on the socket");
  }
  if (heard.woken) heat(connection);
  if (heard.over) return end(connection, "the peer hung up");
  if (!heard.flush) return;
  if (connection->queue.empty()) {
    connection->channel->answer_flush();
    update_interest(connection);
  } else {
    flush(connection);
  }
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
