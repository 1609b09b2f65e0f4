// The handshake of a native session; see native_session.h. docs/native-wire.md has its messages.
#include <poll.h>

#include <algorithm>
#include <bit>

#include "client/native_session.h"

namespace coroipc::client {

namespace native = wire::native;

namespace {

// A ring that takes a message of so many bytes when it is empty.
uint64_t ring_for(size_t bytes) {
  return std::bit_ceil(std::max<uint64_t>(bytes + ring::kAroundLargest, native::kLeastRingBytes));
}

native::Hello hello_of(const Options& options) {
  native::Hello hello;
  hello.service = options.service;
  hello.wanted = {
      ring_for(options.sizes.request), ring_for(options.sizes.response),
      std::bit_ceil(std::max<uint64_t>(options.sizes.dispatch, native::kLeastRingBytes)),
      options.max_in_flight};
  return hello;
}

}  // namespace

NativeSession::NativeSession(const Options& options, sys::Fd socket, const sys::Credentials& server)
    : Session(std::move(socket), server, options),
      hello_(hello_of(options)),
      limits_{options.max_buffers, options.max_buffer_bytes} {}

short NativeSession::handshake_events() const {
  return step_ == Step::kHello || step_ == Step::kAttach ? POLLOUT : POLLIN;
}

// What is said is a few bytes on a new socket: all of it goes out, or its peer is gone.
sys::Outcome NativeSession::send_step(std::span<const std::byte> bytes, const sys::Fd* file) {
  const sys::Transfer sent =
      file == nullptr ? sys::send(socket_, bytes) : sys::send_file(socket_, bytes, *file);
  // A server that refuses may hang up before it has read all; its answer is there all the same.
  if (sent.state == sys::Transfer::State::kSome && sent.bytes < bytes.size())
    return sys::Failure{Status::kErrLibrary, ECONNRESET, "send"};
  step_ = step_ == Step::kHello ? Step::kWelcome : Step::kReady;
  return sys::Nothing{};
}

sys::Outcome NativeSession::hear_welcome() {
  const std::optional<native::Welcome> welcome = native::decode_welcome(message_.bytes());
  if (!welcome.has_value()) return sys::Failure{Status::kErrMessageError};
  const auto status = static_cast<Status>(welcome->status);
  if (status != Status::kOk) return sys::Failure{status};
  if (welcome->version != native::kVersion) return sys::Failure{Status::kErrVersion};
  granted_ = welcome->granted;
  const native::Geometry& wanted = hello_.wanted;
  if (granted_.request_ring < wanted.request_ring ||
      granted_.response_ring < wanted.response_ring ||
      granted_.dispatch_ring < wanted.dispatch_ring)
    return sys::Failure{Status::kErrTooBig};
  auto theirs = sys::SealedMemory::take(message_.take_file(), native::server_rings(granted_));
  if (!theirs.ok()) return theirs.failure();
  theirs_ = std::move(theirs.value());
  auto ours = sys::SealedMemory::make(native::client_rings(granted_));
  if (!ours.ok()) return ours.failure();
  ours_ = std::move(ours.value());
  message_ = native::MessageReader(native::kNoteBytes);
  step_ = Step::kAttach;
  return sys::Nothing{};
}

sys::Result<bool> NativeSession::advance() {
  using State = native::MessageReader::State;
  while (step_ != Step::kConnected) {
    if (step_ == Step::kHello) {
      if (sys::Outcome sent = send_step(native::encode(hello_), nullptr); !sent.ok())
        return sent.failure();
    } else if (step_ == Step::kAttach) {
      if (sys::Outcome sent = send_step(native::encode_attach(), &ours_.file()); !sent.ok())
        return sent.failure();
    }
    const State state = message_.read(socket_);
    if (state == State::kMore) return false;
    if (state == State::kOver) return sys::Failure{Status::kErrLibrary, ECONNRESET, "recv"};
    if (state == State::kLost) return sys::kLostFile;
    if (step_ == Step::kWelcome) {
      if (sys::Outcome heard = hear_welcome(); !heard.ok()) return heard.failure();
      continue;
    }
    const std::optional<int32_t> ready = native::decode_ready(message_.bytes());
    if (!ready.has_value() || message_.has_file()) return sys::Failure{Status::kErrMessageError};
    const auto status = static_cast<Status>(*ready);
    if (status != Status::kOk) return sys::Failure{status};
    ours_.close_file();
    end_.emplace(granted_, std::move(ours_), std::move(theirs_));
    end_->peer_buffers().set_limits(limits_);
    exchange_.emplace(socket_, end_->own_buffers(), end_->peer_buffers());
    step_ = Step::kConnected;
  }
  return true;
}

}  // namespace coroipc::client
