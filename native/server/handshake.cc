// From an accepted socket to an active connection; see server.h.
#include <poll.h>

#include "server/server.h"
#include "wire/classic/server_channel.h"

namespace coroipc::server {

void Server::shake_hands(const Shared& connection, short revents) {
  using State = wire::classic::SetupReader::State;
  if ((revents & (POLLIN | POLLHUP | POLLERR)) == 0) return;
  switch (connection->setup->read(connection->socket)) {
    case State::kMore:
      return;
    case State::kOver:
      return end(connection, "hung up before the handshake was finished");
    case State::kMalformed:
      return refuse(connection, Status::kErrInvalidParam, "malformed setup");
    case State::kComplete:
      return admit(connection);
  }
}

void Server::admit(const Shared& connection) {
  const wire::classic::Setup setup = connection->setup->setup();
  connection->setup.reset();
  handshakes_.erase(connection->id);
  connection->peer.service = setup.service;
  connection->peer.generation = static_cast<int>(setup.generation);
  connection->known_to_host = true;
  Status status = Status::kErrNotExist;
  call(connection, [&] {
    if (setup.service < wire::kIdLimit) status = host_.admit(connection->peer);
  });
  if (!connection->live()) return;
  if (status != Status::kOk) return refuse(connection, status, "not admitted");

  auto channel = wire::classic::ClassicServerChannel::open(
      setup, connection->socket, connection->peer.credentials.uid,
      {options_.max_buffer_bytes, options_.max_zero_copy_buffers});
  if (!channel.ok()) {
    const sys::Failure& failure = channel.failure();
    return refuse(connection, failure.status,
                  std::string("its shared files were not accepted (") + failure.call + " errno " +
                      std::to_string(failure.code) + ")");
  }
  connection->channel = std::move(channel.value());
  auto watch = watch_.add(&connection->channel->wake(), connection->channel->memory(), bell_,
                          connection->id);
  if (!watch.ok()) return refuse(connection, watch.failure().status, "no thread to watch it");
  connection->watch = watch.value();

  connection->stage = Stage::kConnecting;
  call(connection, [&] { status = host_.connected(connection->id); });
  if (!connection->live()) return;
  if (status != Status::kOk) {
    // Its connect function refused it, so its disconnect function is not owed.
    connection->stage = Stage::kHandshake;
    return refuse(connection, status, "refused by the connect function");
  }
  if (!answer_setup(*connection, Status::kOk)) return end(connection, "hung up");
  connection->stage = Stage::kActive;
  // What the connect function sent was queued: no event byte may come before the answer.
  flush(connection);
  if (connection->live()) watch_again(connection);
}

void Server::refuse(const Shared& connection, Status status, const std::string& why) {
  host_.log(LogLevel::kInfo,
            "connection of uid " + std::to_string(connection->peer.credentials.uid) + ", pid " +
                std::to_string(connection->peer.credentials.pid) + " refused: " + why);
  // A peer that is gone already needs no answer.
  [[maybe_unused]] const bool sent = answer_setup(*connection, status);
  end(connection, why);
}

bool Server::answer_setup(const Connection& connection, Status status) const {
  const wire::classic::SetupAnswer answer{static_cast<int32_t>(status), 0};
  const auto bytes = std::as_bytes(std::span(&answer, 1));
  const sys::Transfer sent = sys::send(connection.socket, bytes);
  return sent.state == sys::Transfer::State::kSome && sent.bytes == bytes.size();
}

}  // namespace coroipc::server
