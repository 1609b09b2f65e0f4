// The server's end of the native wire before a client that writes what it likes into its own
// memory, and now and then what is right: requests are read, answered in any order, and dispatch
// messages sent. What is handed on lies in the ring; no more requests are unanswered than were
// agreed on.
#include <set>

#include "fuzz/ends.h"

namespace coroipc::fuzz {
namespace {

namespace native = wire::native;
using Look = native::ServerEnd::Look;
using Put = native::ServerEnd::Put;

class Play {
 public:
  explicit Play(Input& input) : input_(input) {}

  void run() {
    while (input_.more() && !over_) step();
  }

 private:
  void step() {
    switch (input_.below(10)) {
      case 0:
        return send();
      case 1:
        honest_ = false;
        return publish(input_, ends_.clients, 0, {0, received_ + 1});
      case 2:
        honest_ = false;
        return spoil(input_, ends_.clients);
      case 3:
        return look();
      case 4:
        if (std::exchange(lies_first_, false)) ends_.server->request_done();
        return;
      case 5:
        return respond();
      case 6:
        return put(ends_.server->dispatch(message()));
      case 7:
        return take();
      case 8:
        return sleep();
      default:
        ends_.server->set_backlog(input_.below(2) == 1);
        if (ends_.server->settle() == native::ServerEnd::Back::kBreach) breach();
    }
  }

  [[nodiscard]] wire::Parts message() {
    part_ = some_message(input_.number<uint16_t>());
    return wire::Parts(&part_, 1);
  }

  // What an honest client does, as far as its memory still lets it.
  void send() {
    uint64_t sequence = 0;
    const Put put = ends_.client->send(message(), sequence);
    // Who spoiled its own memory may see a server that is ahead of it.
    DEMAND(put != Put::kBreach || !honest_);
  }

  void look() {
    native::Message found;
    const Look look = ends_.server->request(found);
    if (look == Look::kBreach) breach();
    lies_first_ = look == Look::kRecord;
    if (look != Look::kRecord) return;
    DEMAND(found.size >= sizeof(wire::RequestHeader) && found.buffer == native::kInRing);
    DEMAND(ends_.clients.holds(0, found.bytes, found.size));
    DEMAND(ends_.server->in_flight() <= kGeometry.in_flight);
    // Numbers follow each other; the one that lies first may be seen again.
    if (found.sequence != received_) {
      DEMAND(found.sequence == ++received_ && ends_.server->unanswered(received_));
      waiting_.insert(received_);
    }
    read_all(found.bytes, found.size);
  }

  void respond() {
    if (waiting_.empty()) return;
    auto chosen = waiting_.begin();
    std::advance(chosen, input_.below(static_cast<uint32_t>(waiting_.size())));
    const Put outcome = ends_.server->respond(*chosen, message());
    if (outcome == Put::kDone) {
      DEMAND(!ends_.server->unanswered(*chosen));
      waiting_.erase(chosen);
    }
    put(outcome);
  }

  void put(Put outcome) {
    if (outcome == Put::kBreach) breach();
  }

  // Its owner hangs up then.
  void breach() {
    DEMAND(!honest_);
    over_ = true;
  }

  // What an honest client reads; what it finds is right as long as nobody spoiled its memory.
  void take() {
    native::Message found;
    if (ends_.client->response(found) == Look::kRecord) {
      DEMAND(ends_.servers.holds(0, found.bytes, found.size));
      ends_.client->response_done();
    }
    if (ends_.client->dispatch(found) == Look::kRecord) {
      DEMAND(ends_.servers.holds(1, found.bytes, found.size));
      ends_.client->dispatch_done();
    }
  }

  void sleep() {
    const native::Wants wants = input_.byte() & native::kAllWants;
    const bool dozed = ends_.server->doze(wants);
    DEMAND(dozed == (ends_.server->wants() == wants) || wants == 0);
    DEMAND(!dozed || (wants & native::kWantsCalls) == 0 || !ends_.server->request_ready());
    (void)ends_.server->must_ring(input_.byte() & native::kAllWants);
    (void)ends_.server->blocked();
    ends_.server->wake();
  }

  Input& input_;
  Ends ends_;
  wire::Bytes part_;
  uint64_t received_ = 0;
  std::set<uint64_t> waiting_;
  bool lies_first_ = false;
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
