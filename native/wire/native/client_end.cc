#include "wire/native/client_end.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

namespace coroipc::wire::native {

ClientEnd::ClientEnd(const Geometry& geometry, sys::SealedMemory ours, sys::SealedMemory theirs)
    : geometry_(geometry),
      memory_(std::make_shared<Memory>(Memory{std::move(ours), std::move(theirs), {}})),
      requests_(ours_.ring(0), geometry.request_ring, &server_words(theirs_).request_head,
                ledger_.requests),
      responses_(theirs_.ring(0), geometry.response_ring, &client_words(ours_).response_head,
                 ledger_.responses),
      dispatches_(theirs_.ring(1), geometry.dispatch_ring, &client_words(ours_).dispatch_head,
                  dispatches_place_),
      sleep_(&client_words(ours_).sleep, &server_words(theirs_).sleep, ledger_.rung) {}

void ClientEnd::note() {
  while (ledger_.noted != ledger_.sent) in_flight_.insert(++ledger_.noted);
}

void ClientEnd::took_off() {
  ++ledger_.sent;
  ++ledger_.in_flight;
}

ClientEnd::Put ClientEnd::send(Parts message, uint64_t& sequence) {
  if (!has_place()) return Put::kNoRoom;
  sequence = ledger_.sent + 1;
  const Put put = requests_.put(static_cast<uint32_t>(RecordKind::kMessage), sequence, message);
  if (put == Put::kDone) took_off();
  return put;
}

ClientEnd::Put ClientEnd::send_in_buffer(const BufferPlace& place, const RequestHeader& header,
                                         uint64_t& sequence) {
  if (!has_place()) return Put::kNoRoom;
  sequence = ledger_.sent + 1;
  const Put put = put_in_buffer(requests_, own_buffers_, sequence, place, header);
  if (put != Put::kDone) return put;
  took_off();
  // Its answer gives the buffer back, so it is for this end to take.
  note();
  sent_in_buffers_.emplace(sequence, place.number);
  return put;
}

ClientEnd::Look ClientEnd::response(Message& message) {
  ring::RecordView view;
  const Look found = responses_.look(view);
  if (found != Look::kRecord) return found;
  if (!read_message<ResponseHeader>(view, peer_buffers_, message) || !awaits(view.sequence) ||
      !hold(message, response_in_))
    return Look::kBreach;
  note();
  answered_ = view.sequence;
  return found;
}

void ClientEnd::response_done() {
  response_in_ = kInRing;
  if (in_flight_.erase(answered_)) --ledger_.in_flight;
  if (!sent_in_buffers_.empty()) {
    const auto found = sent_in_buffers_.find(answered_);
    if (found != sent_in_buffers_.end()) {
      own_buffers_.given_back(found->second);
      sent_in_buffers_.erase(found);
    }
  }
  responses_.pop();
}

ClientEnd::Look ClientEnd::dispatch(Message& message) {
  ring::RecordView view;
  const Look found = dispatches_.look(view);
  if (found != Look::kRecord) return found;
  if (!read_message<ResponseHeader>(view, peer_buffers_, message) ||
      view.sequence != dispatched_ + 1 || !hold(message, dispatch_in_))
    return Look::kBreach;
  return found;
}

void ClientEnd::dispatch_done() {
  ++dispatched_;
  dispatch_in_ = kInRing;
  dispatches_.pop();
}

ClientEnd::Taken ClientEnd::take_dispatches(std::span<std::byte> room, uint64_t most,
                                            size_t largest) {
  Taken taken;
  // The first one may have been seen, and kept where it lies.
  if (dispatch_in_ != kInRing) return taken;
  for (; taken.count < most; ++taken.count) {
    ring::RecordView view;
    const Look found = dispatches_.look(view);
    taken.all = found == Look::kNothing;
    if (found != Look::kRecord) break;
    Message message;
    if (view.kind != static_cast<uint32_t>(RecordKind::kMessage) ||
        view.sequence != dispatched_ + 1 || !read_header<ResponseHeader>(view, message) ||
        message.size > view.size || message.size > std::min(largest, room.size() - taken.bytes))
      break;
    (void)copy(message, room.subspan(taken.bytes));
    taken.bytes = std::min(room.size(), up_to_next(taken.bytes + message.size));
    ++dispatched_;
    dispatches_.pass();
  }
  if (taken.count > 0) dispatches_.give_back();
  return taken;
}

// The same message is found until its `done`, and counted once. False: it lies elsewhere than it
// did.
bool ClientEnd::hold(const Message& message, uint32_t& first_in) {
  if (message.buffer == first_in) return true;
  if (first_in != kInRing) return false;
  first_in = message.buffer;
  peer_buffers_.hold(first_in);
  return true;
}

bool ClientEnd::release(uint32_t number) {
  // A message that still lies in its ring is not done with.
  const uint64_t lying =
      (response_in_ == number ? uint64_t{1} : 0) + (dispatch_in_ == number ? uint64_t{1} : 0);
  if (peer_buffers_.held(number) <= lying) return false;
  peer_buffers_.give_back(number);
  uint64_t& released = client_words(ours_).released[number];
  ring::store_index(&released, released + 1);
  return true;
}

bool ClientEnd::backlog() const {
  return std::atomic_ref(server_words(theirs_).backlog).load(std::memory_order_relaxed) != 0;
}

bool ClientEnd::doze(Wants wants) {
  sleep_.sleep_for(wants);
  const bool something = ((wants & kWantsCalls) != 0 && response_ready()) ||
                         ((wants & kWantsDispatches) != 0 && dispatch_ready()) ||
                         ((wants & kWantsRoom) != 0 && room_made());
  if (something) sleep_.wake();
  return !something;
}

}  // namespace coroipc::wire::native
