// The zero-copy buffers of a native session; see native_session.h.
#include <poll.h>

#include "client/native_session.h"
#include "sys/clock.h"

namespace coroipc::client {

namespace native = wire::native;

Status NativeSession::send_in(uint32_t buffer, uint32_t size, int32_t id, uint64_t& token) {
  if (over()) return Status::kErrLibrary;
  native::OwnBuffers& own = end_->own_buffers();
  // The header of a second one would be written over that of the first.
  room_helps_ = own.out(buffer) == 0;
  if (!room_helps_) return Status::kErrBusy;
  const std::optional<native::BufferPlace> place = own.place(buffer, kRequestPlace, size);
  if (!place.has_value()) return Status::kErrInvalidParam;
  return sent(end_->send_in_buffer(*place, {static_cast<int32_t>(size), id}, token));
}

std::optional<PlaceInBuffer> NativeSession::place_of(const native::Message& message) const {
  if (message.size == 0 || message.buffer == native::kInRing) return std::nullopt;
  const std::optional<wire::SharedMemory> memory = exchange_->peer_memory(message.buffer);
  if (!memory.has_value()) return std::nullopt;
  return PlaceInBuffer{message.buffer, static_cast<size_t>(message.bytes - memory->data),
                       message.id, message.error};
}

// Done with a message that was copied, or is not wanted.
void NativeSession::give_back(const native::Message& message) {
  if (message.buffer != native::kInRing) (void)release(message.buffer);
}

bool NativeSession::release(uint32_t number) {
  if (!end_->release(number)) return false;
  made_room_ = true;
  put_bytes_ += granted_.dispatch_ring;
  return true;
}

void NativeSession::keep_answer() {
  if (answer_.size == 0 || !answer_in_ring_) return;
  end_->response_done();
  made_room_ = true;
  answer_ = {};
}

void NativeSession::keep_message() {
  if (dispatch_.size == 0) return;
  end_->dispatch_done();
  made_room_ = true;
  dispatch_ = {};
}

sys::Outcome NativeSession::zcb_alloc(size_t bytes, int64_t deadline_ns, ZeroCopyBuffer& buffer) {
  const size_t page = sys::control_bytes();
  sys::Result<uint32_t> made = exchange_->make((bytes + kRequestPlace + page - 1) / page * page);
  if (!made.ok()) return made.failure();
  const uint32_t number = made.value();
  if (const Status taken = await_taken(number, deadline_ns); taken != Status::kOk) {
    if (exchange_->answer(number) == Status::kErrTryAgain) given_up_.push_back(number);
    return sys::Failure{taken};
  }
  const std::optional<wire::SharedMemory> memory = exchange_->own_memory(number);
  if (!memory.has_value()) return sys::Failure{Status::kErrLibrary};
  buffer = {{memory->hold, memory->data + kRequestPlace, bytes}, number};
  return sys::Nothing{};
}

Status NativeSession::await_taken(uint32_t number, int64_t deadline_ns) {
  for (bool late = false; exchange_->answer(number) == Status::kErrTryAgain;) {
    if (late) return Status::kErrTimeout;
    late = sys::now_ns() >= deadline_ns;
    const Status waited = wait_for_socket(POLLIN, deadline_ns);
    if (waited != Status::kOk) return waited;
    attention_ = attention_ || loop_wants_ != 0;
    if (!hear()) return Status::kErrLibrary;
  }
  return exchange_->answer(number);
}

// A number is used again only when the server has let go of it.
void NativeSession::withdraw_given_up() {
  std::erase_if(given_up_, [this](uint32_t number) {
    const Status answer = exchange_->answer(number);
    if (answer == Status::kErrTryAgain) return false;
    if (answer == Status::kOk) (void)exchange_->withdraw(number);
    return true;
  });
}

Status NativeSession::zcb_free(const ZeroCopyBuffer& buffer, int64_t) {
  return exchange_->withdraw(static_cast<uint32_t>(buffer.handle));
}

Status NativeSession::zcb_send(const ZeroCopyBuffer& buffer, uint64_t& token) {
  const auto header = wire::copy_out<wire::RequestHeader>(buffer.memory.data);
  if (header.size < 0 || static_cast<size_t>(header.size) > buffer.memory.bytes)
    return Status::kErrInvalidParam;
  return send_in(static_cast<uint32_t>(buffer.handle), static_cast<uint32_t>(header.size),
                 header.id, token);
}

}  // namespace coroipc::client
