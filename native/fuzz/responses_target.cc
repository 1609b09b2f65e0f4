// The client's end of the native wire before a server that writes what it likes into its own
// memory: responses and dispatch messages are read, requests sent. What is handed on lies in the
// ring, and a response belongs to a request that waits for it.
#include <set>

#include "fuzz/ends.h"

namespace coroipc::fuzz {
namespace {

namespace native = wire::native;
using Look = native::ClientEnd::Look;
using Put = native::ClientEnd::Put;

class Play {
 public:
  explicit Play(Input& input) : input_(input) {}

  void run() {
    while (input_.more() && !over_) step();
  }

 private:
  void step() {
    constexpr size_t kHeader = sizeof(wire::ResponseHeader);
    switch (input_.below(11)) {
      case 0:
        return serve();
      case 1:
        honest_ = false;
        return publish(input_, ends_.servers, 0, {0, some_waiting(), kHeader});
      case 2:
        honest_ = false;
        return publish(input_, ends_.servers, 1, {0, dispatched_ + 1, kHeader});
      case 3:
        honest_ = false;
        return spoil(input_, ends_.servers);
      case 4:
        return send();
      case 5:
        return look_for_response();
      case 6:
        if (std::exchange(response_first_, false)) {
          ends_.client->response_done();
          DEMAND(!ends_.client->awaits(answered_));
          waiting_.erase(answered_);
        }
        return;
      case 7:
        return look_for_dispatch();
      case 8:
        if (!std::exchange(dispatch_first_, false)) return;
        ends_.client->dispatch_done();
        ++dispatched_;
        return;
      case 9:
        return sleep();
      default:
        DEMAND(!ends_.client->release(input_.byte()));
        (void)ends_.client->backlog();
    }
  }

  [[nodiscard]] wire::Parts message() {
    part_ = some_message(input_.number<uint16_t>());
    return wire::Parts(&part_, 1);
  }

  [[nodiscard]] uint64_t some_waiting() {
    if (waiting_.empty()) return 1;
    auto chosen = waiting_.begin();
    std::advance(chosen, input_.below(static_cast<uint32_t>(waiting_.size())));
    return *chosen;
  }

  // What an honest server does, as far as its memory still lets it.
  void serve() {
    native::Message found;
    if (ends_.server->request(found) == Look::kRecord) {
      DEMAND(ends_.clients.holds(0, found.bytes, found.size));
      (void)ends_.server->respond(found.sequence, message());
      ends_.server->request_done();
    }
    (void)ends_.server->dispatch(message());
  }

  void send() {
    uint64_t sequence = 0;
    const Put put = ends_.client->send(message(), sequence);
    if (put == Put::kBreach) return breach();
    if (put != Put::kDone) return;
    DEMAND(ends_.client->awaits(sequence) && waiting_.insert(sequence).second);
    DEMAND(ends_.client->in_flight() == waiting_.size());
    DEMAND(waiting_.size() <= kGeometry.in_flight);
  }

  void look_for_response() {
    native::Message found;
    const Look look = ends_.client->response(found);
    if (look == Look::kBreach) return breach();
    response_first_ = look == Look::kRecord;
    if (!response_first_) return;
    answered_ = found.sequence;
    DEMAND(waiting_.contains(found.sequence));
    check(found, 0);
  }

  void look_for_dispatch() {
    native::Message found;
    const Look look = ends_.client->dispatch(found);
    if (look == Look::kBreach) return breach();
    dispatch_first_ = look == Look::kRecord;
    if (!dispatch_first_) return;
    DEMAND(found.sequence == dispatched_ + 1);
    check(found, 1);
  }

  void check(const native::Message& found, size_t ring) {
    DEMAND(found.size >= sizeof(wire::ResponseHeader) && found.buffer == native::kInRing);
    DEMAND(ends_.servers.holds(ring, found.bytes, found.size));
    read_all(found.bytes, found.size);
  }

  void sleep() {
    const native::Wants wants = input_.byte() & native::kAllWants;
    const bool dozed = ends_.client->doze(wants);
    DEMAND(!dozed || (wants & native::kWantsCalls) == 0 || !ends_.client->response_ready());
    DEMAND(!dozed || (wants & native::kWantsDispatches) == 0 || !ends_.client->dispatch_ready());
    (void)ends_.client->must_ring(input_.byte() & native::kAllWants);
    (void)ends_.client->blocked();
    ends_.client->wake();
  }

  // Its owner hangs up then.
  void breach() {
    DEMAND(!honest_);
    over_ = true;
  }

  Input& input_;
  Ends ends_;
  wire::Bytes part_;
  std::set<uint64_t> waiting_;
  uint64_t answered_ = 0;
  uint64_t dispatched_ = 0;
  bool response_first_ = false;
  bool dispatch_first_ = false;
  bool honest_ = true;
  bool over_ = false;
};

}  // namespace
}  // namespace coroipc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  coroipc::fuzz::Input input(data, size);
  coroipc::fuzz::Play(input).run();
  return 0;
}
