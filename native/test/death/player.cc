#include "test/death/player.h"

#include <cstring>

#include "sys/clock.h"
#include "test/death/service.h"

namespace coroipc::death {

namespace {

// All slices of one wait together.
constexpr double kPatienceMs = 20'000;
constexpr uint32_t kInFlight = 8;
constexpr size_t kMessageBytes = 4096;

}  // namespace

template <class Wait>
Status Player::patiently(Wait&& wait) {
  const int64_t end = sys::deadline_after_ms(kPatienceMs);
  for (;;) {
    const int64_t slice = sys::deadline_after_ms(slice_ms_);
    const Status status = wait(slice);
    if (status != Status::kErrTimeout) return status;
    if (sys::now_ns() < slice) return lie();
    ++timeouts_;
    if (sys::now_ns() >= end) return status;
  }
}

Status Player::connect() {
  client::Options options;
  options.name = name_;
  options.service = kService;
  options.classic = wire_;
  options.max_in_flight = kInFlight;
  options.sizes = {kMessageBytes, kMessageBytes, kRingBytes};
  auto begun = client::Session::begin(options, watch_);
  if (!begun.ok()) return begun.failure().status;
  session_ = std::move(begun.value());
  return patiently([&](int64_t slice) {
    const auto finished = session_->finish_handshake(slice);
    return finished.ok() ? Status::kOk : finished.failure().status;
  });
}

Status Player::send(std::span<const std::byte> message, uint64_t& token) {
  // Where connecting failed there is nobody to ask.
  if (session_ == nullptr || !session_->connected()) return Status::kErrLibrary;
  const wire::Bytes bytes(message);
  for (;;) {
    const Status sent = session_->send(std::span(&bytes, 1), token);
    if (sent != Status::kErrBusy) return sent;
    const Status room = patiently([&](int64_t slice) { return session_->await_room(slice); });
    if (room != Status::kOk) return room;
  }
}

Status Player::await(uint64_t token, std::vector<std::byte>& answer) {
  uint32_t size = 0;
  const Status status =
      patiently([&](int64_t slice) { return session_->await(token, slice, size); });
  if (status != Status::kOk) return status;
  answer.resize(size);
  if (session_->read_answer(answer) != size) return lie();
  session_->answer_done();
  return status;
}

Status Player::expect(uint64_t token, std::span<const std::byte> answer) {
  std::vector<std::byte> got;
  const Status status = await(token, got);
  if (status != Status::kOk) return status;
  return std::ranges::equal(got, answer) ? Status::kOk : lie();
}

Status Player::call(int32_t id, std::span<const std::byte> body, Status& error) {
  uint64_t token = 0;
  if (const Status sent = send(request_of(id, body), token); sent != Status::kOk) return sent;
  std::vector<std::byte> answer;
  if (const Status status = await(token, answer); status != Status::kOk) return status;
  wire::ResponseHeader header{};
  if (answer.size() < sizeof header) return lie();
  std::memcpy(&header, answer.data(), sizeof header);
  error = static_cast<Status>(header.error);
  return Status::kOk;
}

Status Player::echo(uint32_t seed) {
  const auto body = pattern(48, seed);
  uint64_t token = 0;
  const Status sent = send(request_of(kEcho, body), token);
  return sent == Status::kOk ? expect(token, response_of(kEcho, body)) : sent;
}

// As many as may be in flight, and as many again; awaited last first.
Status Player::pipelined() {
  std::vector<uint64_t> tokens;
  for (uint32_t i = 0; i < kInFlight; ++i) {
    const Status sent = send(request_of(kEcho, pattern(16 + i, i)), tokens.emplace_back());
    if (sent != Status::kOk) return sent;
  }
  for (uint32_t i = kInFlight; i-- > 0;) {
    const Status status = expect(tokens[i], response_of(kEcho, pattern(16 + i, i)));
    if (status != Status::kOk) return status;
  }
  return echo(kInFlight);
}

// The classic wire carries one call at a time: the next is kept while the answer to one that was
// given up is still to come.
Status Player::abandoned() {
  for (uint32_t i = 0; i < 3; ++i) {
    uint64_t token = 0;
    const Status sent = send(request_of(kEcho, pattern(16, i)), token);
    if (sent != Status::kOk) return sent;
    session_->abandon(token);
    if (const Status status = echo(i); status != Status::kOk) return status;
  }
  return Status::kOk;
}

Status Player::next(uint32_t& size) {
  return patiently([&](int64_t slice) { return session_->next(slice, size); });
}

Status Player::burst(uint32_t count, uint32_t size) {
  const std::array<uint32_t, 2> body = {count, size};
  Status error = Status::kOk;
  const Status called = call(kBurst, std::as_bytes(std::span(body)), error);
  if (called != Status::kOk) return called;
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t got = 0;
    if (const Status status = next(got); status != Status::kOk) return status;
    const auto expected =
        response_of(static_cast<int32_t>(i), pattern(size - sizeof(wire::ResponseHeader), i));
    std::vector<std::byte> message(got);
    if (session_->read_message(message) != got || message != expected) return lie();
    if (!session_->put()) return lie();
    session_->settle();
  }
  return Status::kOk;
}

Status Player::own_buffer() {
  client::ZeroCopyBuffer buffer;
  const int64_t deadline = sys::deadline_after_ms(kPatienceMs);
  const sys::Outcome made = session_->zcb_alloc(3000, deadline, buffer);
  if (!made.ok()) return made.failure().status;
  const auto body = pattern(2000, 5);
  const auto message = request_of(kEcho, body);
  std::memcpy(buffer.memory.data, message.data(), message.size());
  uint64_t token = 0;
  Status status = session_->zcb_send(buffer, token);
  if (status != Status::kOk) return status;
  status = expect(token, response_of(kEcho, body));
  return status == Status::kOk ? session_->zcb_free(buffer, deadline) : status;
}

Status Player::servers_buffer() {
  Status error = Status::kOk;
  Status status = call(kMakeBuffer, {}, error);
  if (status != Status::kOk) return status;
  const auto body = pattern(500, 6);
  const auto expected = response_of(kFillBuffer, body);
  const int64_t end = sys::deadline_after_ms(kPatienceMs);
  for (std::vector<std::byte> answer; sys::now_ns() < end;) {
    // What the server offers is taken, and its answer sent, by a look at the socket.
    if (!session_->hear()) return Status::kErrLibrary;
    uint64_t token = 0;
    status = send(request_of(kFillBuffer, body), token);
    if (status == Status::kOk) status = await(token, answer);
    if (status != Status::kOk) return status;
    if (answer == expected) return Status::kOk;
    std::memcpy(&error, answer.data() + offsetof(wire::ResponseHeader, error), sizeof error);
    if (error != Status::kErrTryAgain) return lie();
  }
  return Status::kErrTimeout;
}

// One connection by its client, then one by the server, while its client waits for an answer.
Status Player::disconnections() {
  disconnect();
  if (const Status status = connect(); status != Status::kOk) return status;
  Status error = Status::kOk;
  const Status status = call(kEndMe, {}, error);
  // In generation 1.2 an answer with an error is all that there is.
  if (status == Status::kOk && error == Status::kErrLibrary) return status;
  return status == Status::kErrLibrary ? Status::kOk : lie();
}

Status Player::play(Scenario scenario) {
  switch (scenario) {
    case Scenario::kConnect:
      return connect();
    case Scenario::kCall:
      return echo(1);
    case Scenario::kPipelined:
      return wire_.has_value() ? abandoned() : pipelined();
    case Scenario::kDispatch:
      return burst(5, 64);
    case Scenario::kOverflow:
      return burst(14, 500);
    case Scenario::kZeroCopy: {
      const Status status = own_buffer();
      return status == Status::kOk && !wire_.has_value() ? servers_buffer() : status;
    }
    case Scenario::kDisconnect:
      return disconnections();
  }
  return lie();
}

}  // namespace coroipc::death
