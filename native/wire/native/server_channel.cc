#include "wire/native/server_channel.h"

#include <cstring>

namespace coroipc::wire::native {
namespace {

Publish published(ServerEnd::Put put) {
  switch (put) {
    case ServerEnd::Put::kDone:
      return Publish::kDone;
    case ServerEnd::Put::kNoRoom:
      return Publish::kNoRoom;
    case ServerEnd::Put::kBreach:
      break;
  }
  return Publish::kBreach;
}

}  // namespace

Take NativeServerChannel::take(Request& request) {
  switch (end_.request(taken_)) {
    case ServerEnd::Look::kNothing:
      return Take::kNothing;
    case ServerEnd::Look::kBreach:
      return Take::kBreach;
    case ServerEnd::Look::kRecord:
      break;
  }
  took_ = true;
  request = {taken_.sequence, taken_.id, taken_.size, taken_.buffer != kInRing};
  return Take::kRequest;
}

void NativeServerChannel::read_request(std::span<std::byte> into) const {
  std::memcpy(into.data(), taken_.bytes, taken_.size);
  // The header was checked; what the peer may have written over it since was not.
  const RequestHeader header{static_cast<int32_t>(taken_.size), taken_.id};
  std::memcpy(into.data(), &header, sizeof header);
}

void NativeServerChannel::request_done() {
  if (!took_) return;
  took_ = false;
  made_room_ = true;
  end_.request_done();
}

size_t NativeServerChannel::request_bytes() const {
  return geometry_.request_ring - ring::kRecordHeaderBytes;
}

// One fence for both: room is told along with what goes out.
void NativeServerChannel::tell(Wants what) {
  if (made_room_) what |= kWantsRoom;
  made_room_ = false;
  if (!end_.must_ring(what)) return;
  // A peer that is gone is found by its hang-up.
  [[maybe_unused]] const sys::Transfer sent = sys::send(socket_, std::span(&kDoorbell, 1));
}

Publish NativeServerChannel::respond(uint64_t token, Parts parts) {
  const ServerEnd::Put put = end_.respond(token, parts);
  if (put == ServerEnd::Put::kDone) tell(kWantsCalls);
  return published(put);
}

Publish NativeServerChannel::publish(Parts parts, bool) {
  const ServerEnd::Put put = end_.dispatch(parts);
  if (put == ServerEnd::Put::kDone) tell(kWantsDispatches);
  return published(put);
}

void NativeServerChannel::backlog_ended() {
  end_.set_backlog(false);
  // Who sleeps for dispatch messages is told of the end of flow control, too.
  tell(kWantsDispatches);
}

Heard NativeServerChannel::listen() {
  Heard heard;
  const BufferExchange::Heard said = exchange_.hear(end_.sleeps());
  heard.woken = true;
  heard.answer = exchange_.take_answered();
  heard.over = said == BufferExchange::Heard::kOver;
  heard.breach = said == BufferExchange::Heard::kBreach;
  return heard;
}

std::optional<SharedView> NativeServerChannel::request_view() const {
  if (!took_ || taken_.buffer == kInRing) return std::nullopt;
  const std::optional<SharedMemory> memory = exchange_.peer_memory(taken_.buffer);
  if (!memory.has_value()) return std::nullopt;
  return SharedView{*memory, static_cast<size_t>(taken_.bytes - memory->data), taken_.buffer};
}

Publish NativeServerChannel::respond_in(uint64_t token, uint32_t buffer, uint32_t size,
                                        const ResponseHeader& header) {
  const std::optional<BufferPlace> place = end_.own_buffers().place(buffer, 0, size);
  if (!place.has_value()) return Publish::kBreach;
  const ServerEnd::Put put = end_.respond_in_buffer(token, *place, header);
  if (put == ServerEnd::Put::kDone) tell(kWantsCalls);
  return published(put);
}

Publish NativeServerChannel::publish_in(uint32_t buffer, uint32_t size,
                                        const ResponseHeader& header) {
  const std::optional<BufferPlace> place = end_.own_buffers().place(buffer, 0, size);
  if (!place.has_value()) return Publish::kBreach;
  const ServerEnd::Put put = end_.dispatch_in_buffer(*place, header);
  if (put == ServerEnd::Put::kDone) tell(kWantsDispatches);
  return published(put);
}

uint64_t NativeServerChannel::buffer_out(uint32_t buffer) {
  // A client that lies about it is found by the next look at its rings.
  (void)end_.settle();
  return end_.own_buffers().out(buffer);
}

bool NativeServerChannel::sleep(bool takes_requests) {
  if (made_room_) tell(0);
  return end_.doze((takes_requests ? kWantsCalls : 0) | (end_.blocked() ? kWantsRoom : 0));
}

}  // namespace coroipc::wire::native
