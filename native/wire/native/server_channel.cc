#include "wire/native/server_channel.h"

#include <cstring>
#include <utility>

namespace coroipc::wire::native {
namespace {

Publish outcome(ServerEnd::Put put) {
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
  return geometry_.request_ring - ring::kAroundLargest;
}

// A fence waits until the peer's CPU has let go of what was written, so there is one for all that
// was published, not one for each.
void NativeServerChannel::published(Wants what) {
  untold_ |= what;
  if (end_.sees_sleeper(what)) ring();
}

void NativeServerChannel::take_over() {
  const Wants untold = std::exchange(ledger().delegated.untold, 0);
  untold_ |= untold & (kWantsCalls | kWantsDispatches);
  made_room_ = made_room_ || (untold & kWantsRoom) != 0;
}

void NativeServerChannel::tell_sleeper() {
  take_over();
  if (end_.sees_sleeper(untold_ | (made_room_ ? kWantsRoom : 0))) ring();
}

void NativeServerChannel::tell() {
  take_over();
  // Who has taken it already, and sleeps for what comes next, is not to be woken in vain.
  const Wants what = end_.untaken(std::exchange(untold_, 0));
  const Wants room = std::exchange(made_room_, false) ? kWantsRoom : 0;
  if (end_.must_ring(what | room)) ring();
}

void NativeServerChannel::ring() const {
  // A peer that is gone is found by its hang-up.
  [[maybe_unused]] const sys::Transfer sent = sys::send(socket_, std::span(&kDoorbell, 1));
}

Publish NativeServerChannel::respond(uint64_t token, Parts parts) {
  const ServerEnd::Put put = end_.respond(token, parts);
  if (put == ServerEnd::Put::kDone) published(kWantsCalls);
  return outcome(put);
}

Publish NativeServerChannel::publish(Parts parts, bool) {
  const ServerEnd::Put put = end_.dispatch(parts);
  if (put == ServerEnd::Put::kDone) published(kWantsDispatches);
  return outcome(put);
}

void NativeServerChannel::backlog_ended() {
  end_.set_backlog(false);
  // Who sleeps for dispatch messages is told of the end of flow control, too.
  if (end_.must_ring(kWantsDispatches)) ring();
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
  if (put == ServerEnd::Put::kDone) published(kWantsCalls);
  return outcome(put);
}

Publish NativeServerChannel::publish_in(uint32_t buffer, uint32_t size,
                                        const ResponseHeader& header) {
  const std::optional<BufferPlace> place = end_.own_buffers().place(buffer, 0, size);
  if (!place.has_value()) return Publish::kBreach;
  const ServerEnd::Put put = end_.dispatch_in_buffer(*place, header);
  if (put == ServerEnd::Put::kDone) published(kWantsDispatches);
  return outcome(put);
}

uint64_t NativeServerChannel::buffer_out(uint32_t buffer) {
  // A client that lies about it is found by the next look at its rings.
  (void)end_.settle();
  return end_.own_buffers().out(buffer);
}

std::optional<SharedRings> NativeServerChannel::rings() {
  const std::shared_ptr<ServerEnd::Memory>& memory = end_.memory();
  return SharedRings{shown(memory, memory->ours), shown(memory, memory->theirs),
                     shown_ledger(memory),        &memory->ledger.delegated,
                     geometry_.request_ring,      geometry_.response_ring,
                     geometry_.dispatch_ring,     geometry_.in_flight};
}

bool NativeServerChannel::sleep(bool takes_requests) {
  if (untold() || made_room_) tell();
  return end_.doze((takes_requests ? kWantsCalls : 0) | (end_.blocked() ? kWantsRoom : 0));
}

}  // namespace coroipc::wire::native
