#include "wire/native/server_end.h"

#include <atomic>
#include <utility>

namespace coroipc::wire::native {

ServerEnd::ServerEnd(const Geometry& geometry, sys::SealedMemory ours, sys::SealedMemory theirs)
    : geometry_(geometry),
      ours_(std::move(ours)),
      theirs_(std::move(theirs)),
      requests_(theirs_.ring(0), geometry.request_ring, &server_words(ours_).request_head,
                &client_words(theirs_).request_tail),
      responses_(ours_.ring(0), geometry.response_ring, &server_words(ours_).response_tail,
                 &client_words(theirs_).response_head),
      dispatches_(ours_.ring(1), geometry.dispatch_ring, &server_words(ours_).dispatch_tail,
                  &client_words(theirs_).dispatch_head),
      sleep_(&server_words(ours_).sleep, &client_words(theirs_).sleep) {}

ServerEnd::Look ServerEnd::request(Message& message) {
  ring::RecordView view;
  const Look found = requests_.look(view);
  if (found != Look::kRecord) return found;
  if (!read_message<RequestHeader>(view, message)) return Look::kBreach;
  if (seen_) return found;
  if (view.sequence != received_ + 1 || unanswered_.size() >= geometry_.in_flight)
    return Look::kBreach;
  seen_ = true;
  unanswered_.insert(++received_);
  return found;
}

void ServerEnd::request_done() {
  seen_ = false;
  requests_.pop();
}

ServerEnd::Put ServerEnd::respond(uint64_t sequence, Parts message) {
  const Put put = responses_.put(static_cast<uint32_t>(RecordKind::kMessage), sequence, message);
  if (put == Put::kDone) unanswered_.erase(sequence);
  return put;
}

ServerEnd::Put ServerEnd::dispatch(Parts message) {
  const Put put =
      dispatches_.put(static_cast<uint32_t>(RecordKind::kMessage), dispatched_ + 1, message);
  if (put == Put::kDone) ++dispatched_;
  return put;
}

void ServerEnd::set_backlog(bool on) {
  std::atomic_ref(server_words(ours_).backlog).store(on ? 1 : 0, std::memory_order_relaxed);
}

bool ServerEnd::doze(Wants wants) {
  sleep_.sleep_for(wants);
  // A head that lies is found by the next put.
  const bool something =
      ((wants & kWantsCalls) != 0 && request_ready()) || ((wants & kWantsRoom) != 0 && room_made());
  if (something) sleep_.wake();
  return !something;
}

}  // namespace coroipc::wire::native
