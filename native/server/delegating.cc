// What the host does by itself in the rings of a connection, between two functions of the server's;
// see server.h. It does what is ordinary; whatever is not it leaves to the server.
#include <algorithm>
#include <utility>

#include "server/server.h"

namespace coroipc::server {

void Server::done_reading() {
  if (current_ == nullptr || current_->channel == nullptr) return;
  readable_ = false;
  current_->channel->request_done();
}

std::optional<wire::SharedRings> Server::delegate(ConnectionId id) {
  const Shared connection = get(id);
  if (connection == nullptr || connection->stage != Stage::kActive) return std::nullopt;
  // Who wants to hear of every change has to be told of it as it happens.
  if (options_.one_at_a_time || options_.count_changes) return std::nullopt;
  std::optional<wire::SharedRings> rings = connection->channel->rings();
  if (!rings.has_value()) return std::nullopt;
  connection->delegated = rings->delegated;
  connection->delegated->spins = spinner_.spins() ? 1 : 0;
  connection->delegated->current = connection == current_ ? 1 : 0;
  connection->delegated->due = connection->untold ? 1 : 0;
  allow(connection);
  return rings;
}

void Server::tell_delegated(ConnectionId id) {
  const Shared connection = get(id);
  if (connection != nullptr && connection->live() && connection->delegated != nullptr)
    connection->channel->tell_sleeper();
}

void Server::settle(const Shared& connection) {
  wire::Delegated& done = *connection->delegated;
  const auto counted = [&](Counter counter, uint32_t& times) {
    connection->counters[static_cast<size_t>(counter)] += times;
    return std::exchange(times, 0);
  };
  const uint32_t taken = counted(Counter::kRequests, done.taken);
  connection->unanswered += taken;
  connection->unanswered -= counted(Counter::kResponses, done.responded);
  (void)counted(Counter::kDispatched, done.sent);
  budget_ -= std::min<size_t>(budget_, taken);
  until_clock_ = std::max(1, until_clock_ - static_cast<int>(taken));
  if (connection->live()) tell_later(connection);
}

void Server::allow(const Shared& connection) const {
  if (connection->delegated == nullptr) return;
  const bool active = connection->stage == Stage::kActive;
  const bool takes = active && connection->answers.empty();
  const bool dispatches = active && !connection->owes_drain() && !connection->backlogged;
  connection->delegated->may =
      (takes ? wire::Delegated::kTake : 0) | (dispatches ? wire::Delegated::kDispatch : 0);
}

}  // namespace coroipc::server
