// From an accepted socket to an active connection, on either wire; see server.h.
#include <poll.h>

#include <algorithm>

#include "server/server.h"
#include "wire/classic/server_channel.h"
#include "wire/native/server_channel.h"

namespace coroipc::server {

namespace native = wire::native;
namespace classic = wire::classic;

void Server::shake_hands(const Shared& connection, short revents) {
  if ((revents & (POLLIN | POLLHUP | POLLERR)) == 0) return;
  Greeting& greeting = *connection->greeting;
  if (greeting.wire == Greeting::Wire::kUnknown) return hear_first(connection);
  if (greeting.setup.has_value()) return hear_setup(connection);
  return greeting.welcomed ? hear_attach(connection) : hear_hello(connection);
}

// The first eight bytes say which wire it is. They are taken, not looked at: who sends fewer must
// not keep the socket readable.
void Server::hear_first(const Shared& connection) {
  Greeting& greeting = *connection->greeting;
  while (greeting.filled < greeting.first.size()) {
    const sys::FileTransfer heard =
        sys::receive_file(connection->socket, std::span(greeting.first).subspan(greeting.filled));
    const sys::Transfer& got = heard.transfer;
    greeting.strayed = greeting.strayed || heard.file.open() || heard.too_many;
    if (got.state == sys::Transfer::State::kWouldBlock) return;
    if (got.state == sys::Transfer::State::kOver)
      return fail(connection, Status::kOk, "hung up before it was finished");
    greeting.filled += got.bytes;
  }
  const bool is_native = native::begins_native(greeting.first);
  greeting.wire = is_native ? Greeting::Wire::kNative : Greeting::Wire::kClassic;
  if (greeting.refusal.has_value()) {
    // The host was told of it when it was decided.
    [[maybe_unused]] const bool sent = answer(*connection, greeting.refusal->status);
    return end(connection, std::string(greeting.refusal->why));
  }
  if (is_native ? !options_.native : !options_.classic)
    return fail(connection, Status::kErrNotSupported,
                is_native ? "the native wire is not taken" : "the classic wire is not taken");
  // Neither wire begins with a descriptor.
  if (greeting.strayed)
    return fail(connection, Status::kErrInvalidParam, "a descriptor where none belongs");
  if (is_native) {
    greeting.message.emplace(native::kHelloBytes, greeting.first);
    return hear_hello(connection);
  }
  greeting.setup.emplace(greeting.first);
  hear_setup(connection);
}

void Server::hear_setup(const Shared& connection) {
  using State = classic::SetupReader::State;
  switch (connection->greeting->setup->read(connection->socket)) {
    case State::kMore:
      return;
    case State::kOver:
      return fail(connection, Status::kOk, "hung up before it was finished");
    case State::kMalformed:
      return fail(connection, Status::kErrInvalidParam, "malformed setup");
    case State::kComplete:
      return open_classic(connection);
  }
}

void Server::open_classic(const Shared& connection) {
  const classic::Setup setup = connection->greeting->setup->setup();
  if (!admit(connection, setup.service, static_cast<int>(setup.generation))) return;
  uint64_t bytes = 0;
  for (const size_t size : setup.sizes) bytes += std::min<uint64_t>(size, wire::kMaxBufferBytes);
  if (bytes > options_.max_bytes_per_connection) return refuse_for_size(connection, bytes);
  auto channel = classic::ClassicServerChannel::open(
      setup, connection->socket, connection->peer.credentials.uid,
      {options_.max_buffer_bytes, options_.max_zero_copy_buffers,
       options_.max_bytes_per_connection - bytes},
      {watch_, bell_, connection->id});
  if (!channel.ok())
    return fail(connection, channel.failure(), "its shared files were not accepted");
  connection->channel = std::move(channel.value());
  begin(connection);
}

void Server::hear_hello(const Shared& connection) {
  using State = native::MessageReader::State;
  Greeting& greeting = *connection->greeting;
  const State state = greeting.message->read(connection->socket);
  if (state == State::kMore) return;
  if (state == State::kOver) return fail(connection, Status::kOk, "hung up before it was finished");
  if (state == State::kLost)
    return fail(connection, sys::kLostFile, "no descriptor is left for what it sent");
  const std::optional<native::Hello> hello = native::decode_hello(greeting.message->bytes());
  if (!hello.has_value() || greeting.message->has_file())
    return fail(connection, Status::kErrInvalidParam, "malformed hello");
  if (hello->least_version > native::kVersion || hello->greatest_version < native::kVersion)
    return fail(connection, Status::kErrVersion, "it speaks other versions");
  if (!admit(connection, hello->service, 0)) return;
  const uint64_t most = options_.max_buffer_bytes;
  greeting.granted = native::grant(hello->wanted, {most, most, most, options_.max_in_flight});
  if (const uint64_t bytes = native::memory_bytes(greeting.granted);
      bytes > options_.max_bytes_per_connection)
    return refuse_for_size(connection, bytes);
  welcome(connection);
}

// Only who was admitted costs memory.
void Server::welcome(const Shared& connection) {
  Greeting& greeting = *connection->greeting;
  auto ours = sys::SealedMemory::make(native::server_rings(greeting.granted));
  if (!ours.ok()) return fail(connection, ours.failure(), "no memory for its rings");
  greeting.ours = std::move(ours.value());
  const native::WelcomeBytes bytes = native::encode(
      native::Welcome{native::kVersion, static_cast<int32_t>(Status::kOk), greeting.granted});
  // The socket is new, so that all of it goes out, or its peer is gone.
  if (sys::send_file(connection->socket, bytes, greeting.ours.file()).bytes != bytes.size())
    return fail(connection, Status::kOk, "hung up before it was finished");
  greeting.ours.close_file();
  greeting.welcomed = true;
  greeting.message.emplace(native::kNoteBytes);
}

void Server::hear_attach(const Shared& connection) {
  using State = native::MessageReader::State;
  Greeting& greeting = *connection->greeting;
  const State state = greeting.message->read(connection->socket);
  if (state == State::kMore) return;
  if (state == State::kOver) return fail(connection, Status::kOk, "hung up before it was finished");
  if (state == State::kLost)
    return fail(connection, sys::kLostFile, "no descriptor is left for its memory");
  if (!native::decode_attach(greeting.message->bytes()))
    return fail(connection, Status::kErrInvalidParam, "malformed attach");
  auto theirs = sys::SealedMemory::take(greeting.message->take_file(),
                                        native::client_rings(greeting.granted));
  if (!theirs.ok()) return fail(connection, theirs.failure(), "its memory was not accepted");
  const uint64_t left = options_.max_bytes_per_connection - native::memory_bytes(greeting.granted);
  connection->channel = std::make_unique<native::NativeServerChannel>(
      greeting.granted, connection->socket, std::move(greeting.ours), std::move(theirs.value()),
      native::BufferLimits{static_cast<uint32_t>(std::min<size_t>(options_.max_zero_copy_buffers,
                                                                  native::kMostBuffers)),
                           options_.max_buffer_bytes, left});
  begin(connection);
}

bool Server::admit(const Shared& connection, uint32_t service, int generation) {
  // A process that has ended gives its number to another, which is not who connected.
  sys::Result<sys::Fd> process = sys::peer_pidfd(connection->socket);
  if (process.ok() && sys::process_ended(process.value())) {
    end(connection, "its process has ended");
    return false;
  }
  if (!process.ok() && sys::is_want(process.failure())) {
    fail(connection, process.failure(), "no descriptor is left to know its process by");
    return false;
  }
  handshake_over(*connection);
  connection->peer.service = service;
  connection->peer.generation = generation;
  Status status = Status::kErrNotExist;
  if (service < wire::kIdLimit) {
    connection->known_to_host = true;
    call(connection, [&] { status = host_.admit(connection->peer); });
  }
  if (!connection->live()) return false;
  // What is still to be said has its time limit, too.
  if (generation == 0) await_handshake(connection);
  if (status != Status::kOk) deny(connection, status, "not admitted");
  return status == Status::kOk;
}

void Server::begin(const Shared& connection) {
  handshake_over(*connection);
  connection->stage = Stage::kConnecting;
  Status status = Status::kErrLibrary;
  call(connection, [&] { status = host_.connected(connection->id); });
  if (!connection->live()) return;
  if (status != Status::kOk) {
    // Its connect function refused it, so its disconnect function is not owed.
    connection->stage = Stage::kHandshake;
    return deny(connection, status, "refused by the connect function");
  }
  if (!answer(*connection, Status::kOk)) return end(connection, "hung up");
  connection->greeting.reset();
  connection->stage = Stage::kActive;
  // What the connect function sent was queued: no event byte may come before the answer.
  flush(connection);
  if (connection->live()) sleep(connection);
}

void Server::await_handshake(const Shared& connection) {
  handshakes_.insert(connection->id);
  handshakes_of_[connection->peer.credentials.uid].insert(connection->id);
}

void Server::handshake_over(const Connection& connection) {
  if (handshakes_.erase(connection.id) == 0) return;
  const auto of_user = handshakes_of_.find(connection.peer.credentials.uid);
  of_user->second.erase(connection.id);
  if (of_user->second.empty()) handshakes_of_.erase(of_user);
}

void Server::deny(const Shared& connection, Status status, const std::string& why) {
  log_handshake(connection->peer, LogLevel::kInfo, "was refused: " + why);
  // A peer that is gone already needs no answer.
  [[maybe_unused]] const bool sent = answer(*connection, status);
  end(connection, why);
}

void Server::fail(const Shared& connection, Status status, const std::string& why) {
  turn_away(connection, TurnedAway::kForFault, status, why);
}

void Server::fail(const Shared& connection, const sys::Failure& failure, const std::string& what) {
  const TurnedAway cause = sys::is_want(failure) ? TurnedAway::kForWant : TurnedAway::kForFault;
  turn_away(connection, cause, failure.status, what + sys::in_words(failure));
}

void Server::refuse_for_size(const Shared& connection, uint64_t bytes) {
  turn_away(connection, TurnedAway::kByLimit, Status::kErrTooBig,
            "it asks for " + std::to_string(bytes) + " bytes, maxBytesPerConnection is " +
                std::to_string(options_.max_bytes_per_connection));
}

void Server::time_out(const Shared& connection) {
  const bool known = connection->greeting->wire != Greeting::Wire::kUnknown;
  turn_away(connection, TurnedAway::kForDelay, known ? Status::kErrTimeout : Status::kOk,
            "not finished in time");
}

// Who was only to be told of a refusal was counted when that was decided.
void Server::turn_away(const Shared& connection, TurnedAway cause, Status status,
                       const std::string& why) {
  if (connection->counted) tell_refusal(*connection, cause, why);
  // What the host did meanwhile may have ended it.
  if (!connection->live()) return;
  if (status != Status::kOk) [[maybe_unused]]
    const bool sent = answer(*connection, status);
  end(connection, why);
}

void Server::tell_refusal(const Connection& connection, TurnedAway cause, const std::string& why) {
  const bool ours = cause == TurnedAway::kByLimit || cause == TurnedAway::kForWant;
  log_handshake(connection.peer, ours ? LogLevel::kWarning : LogLevel::kInfo,
                (ours ? "was refused: " : "failed: ") + why);
  host_.turned_away(cause);
}

void Server::log_handshake(const Peer& peer, LogLevel level, const std::string& what) {
  host_.log(level, "handshake of uid " + std::to_string(peer.credentials.uid) + ", pid " +
                       std::to_string(peer.credentials.pid) + " " + what);
}

// Answers the message that a peer waits for the answer of.
bool Server::answer(const Connection& connection, Status status) const {
  const auto say = [&](const auto& bytes) {
    const auto all = std::as_bytes(std::span(bytes));
    const sys::Transfer sent = sys::send(connection.socket, all);
    return sent.state == sys::Transfer::State::kSome && sent.bytes == all.size();
  };
  const auto code = static_cast<int32_t>(status);
  const Greeting& greeting = *connection.greeting;
  if (greeting.wire != Greeting::Wire::kNative)
    return say(std::array{classic::SetupAnswer{code, 0}});
  if (greeting.welcomed) return say(native::encode_ready(code));
  return say(native::encode(native::Welcome{native::kVersion, code, {}}));
}

}  // namespace coroipc::server
