#include "wire/native/server_end.h"

#include <atomic>
#include <utility>

namespace coroipc::wire::native {

ServerEnd::ServerEnd(const Geometry& geometry, sys::SealedMemory ours, sys::SealedMemory theirs)
    : geometry_(geometry),
      memory_(std::make_shared<Memory>(Memory{std::move(ours), std::move(theirs), {}})),
      requests_(theirs_.ring(0), geometry.request_ring, &server_words(ours_).request_head,
                ledger_.requests),
      responses_(ours_.ring(0), geometry.response_ring, &client_words(theirs_).response_head,
                 ledger_.responses),
      dispatches_(ours_.ring(1), geometry.dispatch_ring, &client_words(theirs_).dispatch_head,
                  ledger_.dispatches),
      sleep_(&server_words(ours_).sleep, &client_words(theirs_).sleep, ledger_.rung) {}

void ServerEnd::note() {
  while (ledger_.noted != ledger_.received) unanswered_.insert(++ledger_.noted);
}

ServerEnd::Look ServerEnd::request(Message& message) {
  ring::RecordView view;
  const Look found = requests_.look(view);
  if (found != Look::kRecord) return found;
  if (!read_message<RequestHeader>(view, peer_buffers_, message) || lied_) return Look::kBreach;
  // It is the one that was counted when it was first seen, and lies in what was held then.
  if (seen_)
    return view.sequence == ledger_.received && message.buffer == request_in_ ? found
                                                                              : Look::kBreach;
  if (view.sequence != ledger_.received + 1 || in_flight() >= geometry_.in_flight)
    return Look::kBreach;
  seen_ = true;
  request_in_ = message.buffer;
  ++ledger_.received;
  ++ledger_.in_flight;
  if (message.buffer != kInRing) {
    // Its answer gives the buffer back, so it is for this end to give.
    note();
    peer_buffers_.hold(message.buffer);
    held_requests_.emplace(ledger_.received, message.buffer);
  }
  return found;
}

void ServerEnd::request_done() {
  seen_ = false;
  requests_.pop();
}

ServerEnd::Put ServerEnd::respond(uint64_t sequence, Parts message) {
  const Put put = responses_.put(static_cast<uint32_t>(RecordKind::kMessage), sequence, message);
  if (put == Put::kDone) answered(sequence);
  return put;
}

ServerEnd::Put ServerEnd::respond_in_buffer(uint64_t sequence, const BufferPlace& place,
                                            const ResponseHeader& header) {
  const Put put = put_in_buffer(responses_, own_buffers_, sequence, place, header);
  if (put != Put::kDone) return put;
  ++out_;
  answered(sequence);
  return put;
}

void ServerEnd::answered(uint64_t sequence) {
  note();
  if (unanswered_.erase(sequence)) --ledger_.in_flight;
  if (held_requests_.empty()) return;
  const auto found = held_requests_.find(sequence);
  if (found == held_requests_.end()) return;
  peer_buffers_.give_back(found->second);
  held_requests_.erase(found);
}

ServerEnd::Put ServerEnd::dispatch(Parts message) {
  const Put put =
      dispatches_.put(static_cast<uint32_t>(RecordKind::kMessage), ledger_.dispatched + 1, message);
  if (put == Put::kDone) ++ledger_.dispatched;
  return put;
}

ServerEnd::Put ServerEnd::dispatch_in_buffer(const BufferPlace& place,
                                             const ResponseHeader& header) {
  const Put put = put_in_buffer(dispatches_, own_buffers_, ledger_.dispatched + 1, place, header);
  if (put != Put::kDone) return put;
  ++out_;
  ++ledger_.dispatched;
  return put;
}

ServerEnd::Back ServerEnd::settle() {
  if (lied_) return Back::kBreach;
  if (out_ == 0) return Back::kNothing;
  const uint64_t before = out_;
  for (uint32_t number = 0; number < kMostBuffers; ++number) {
    const uint64_t was = own_buffers_.back(number);
    const uint64_t released = ring::load_index(&client_words(theirs_).released[number]);
    if (released == was) continue;
    if (!own_buffers_.all_given_back(number, released)) {
      lied_ = true;
      return Back::kBreach;
    }
    out_ -= released - was;
  }
  return out_ == before ? Back::kNothing : Back::kSome;
}

void ServerEnd::set_backlog(bool on) {
  backlog_ = on;
  std::atomic_ref(server_words(ours_).backlog).store(on ? 1 : 0, std::memory_order_relaxed);
}

bool ServerEnd::doze(Wants wants) {
  sleep_.sleep_for(wants);
  // A head that lies is found by the next put.
  const bool given_back = (wants & kWantsRoom) != 0 && settle() != Back::kNothing;
  const bool something = ((wants & kWantsCalls) != 0 && request_ready()) ||
                         ((wants & kWantsRoom) != 0 && room_made()) || given_back;
  if (something) sleep_.wake();
  return !something;
}

}  // namespace coroipc::wire::native
