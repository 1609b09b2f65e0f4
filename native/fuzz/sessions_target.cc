// Whole sessions against a live server: up to four clients at a time, of either wire, each
// following the script, while the server's host does what a host may do: answers at once, later or
// never, sends dispatch messages, shares buffers, ends connections. When all of them are gone the
// server is as it was before, and serves an honest client of either wire.
#include <unistd.h>

#include "fuzz/descriptors.h"
#include "fuzz/peer.h"
#include "fuzz/serving.h"

namespace coroipc::fuzz {
namespace {

constexpr size_t kPeers = 4;

const std::string& stem() {
  static const std::string made = "coroipc-fuzz-sessions-" + std::to_string(getpid()) + "-";
  return made;
}

class Play {
 public:
  Play(Input& input, Serving& serving) : input_(input), serving_(serving) {}

  void run() {
    // Longer plays only do the same again.
    for (int steps = 0; input_.more() && steps < 400; ++steps) step();
  }

 private:
  void step() {
    const uint8_t what = input_.byte();
    if (what >= 208) return host_step();
    std::unique_ptr<Peer>& peer = peers_[what % kPeers];
    if (peer == nullptr) peer = std::make_unique<Peer>(serving_.name(), stem());
    if (what >= 200) return peer.reset();
    peer->step(input_);
    // Several steps of one turn, or of one each.
    if (what < 160) turn(peer->take_posted() ? 2 : 0);
  }

  void turn(int wait_ms = 0) {
    (void)serving_.turn(8, wait_ms);
    for (const std::unique_ptr<Peer>& peer : peers_)
      if (peer != nullptr) peer->hear();
  }

  void host_step() {
    server::Server& server = serving_.server();
    const server::ConnectionId id = some_connection();
    switch (input_.below(12)) {
      case 0: {
        const uint8_t how = input_.byte();
        serving_.manner = {(how & 1) == 0, (how & 2) != 0, (how & 4) != 0, (how & 24) == 24,
                           static_cast<uint16_t>(input_.number<uint16_t>() % 8192)};
        return;
      }
      case 1:
        return serving_.answer_all(input_.number<uint16_t>());
      case 2:
        return dispatch(id, 1 + input_.below(8));
      case 3:
        (void)server.set_overflow(id, static_cast<server::Overflow>(input_.below(4)),
                                  input_.number<uint16_t>());
        return;
      case 4:
        (void)server.end_connection(id);
        return;
      case 5:
        (void)server.end_service(input_.below(4));
        return;
      case 6:
        serving_.greeting_bytes = input_.number<uint16_t>() % 8192;
        return;
      case 7:
        serving_.connect_outcome = input_.below(2) == 0 ? Status::kOk : Status::kErrTryAgain;
        return;
      case 8:
        serving_.admission = input_.below(4) != 0 ? Status::kOk : Status::kErrSecurity;
        return;
      case 9:
        return share(id);
      case 10:
        return dispatch_in(id);
      default:
        return turn();
    }
  }

  [[nodiscard]] server::ConnectionId some_connection() {
    const std::set<server::ConnectionId>& active = serving_.active();
    if (active.empty()) return 1;
    auto chosen = active.begin();
    std::advance(chosen, input_.below(static_cast<uint32_t>(active.size())));
    return *chosen;
  }

  void dispatch(server::ConnectionId id, uint32_t times) {
    const wire::Bytes part = some_message(input_.number<uint16_t>());
    bool queued = false;
    for (; times > 0; --times) (void)serving_.server().dispatch(id, wire::Parts(&part, 1), queued);
  }

  [[nodiscard]] wire::Buffers* buffers(server::ConnectionId id) {
    const server::Connection* connection = serving_.server().find(id);
    if (connection == nullptr || connection->channel == nullptr) return nullptr;
    return connection->channel->buffers();
  }

  void share(server::ConnectionId id) {
    wire::Buffers* const shared = buffers(id);
    if (shared == nullptr) return;
    if (input_.below(3) == 2) {
      (void)shared->withdraw(input_.below(4));
    } else {
      (void)shared->make(4096);
    }
  }

  void dispatch_in(server::ConnectionId id) {
    const uint32_t buffer = input_.below(4);
    const wire::ResponseHeader header{input_.near<int32_t>(64), 1, 0};
    (void)serving_.server().dispatch_in(id, buffer, header);
  }

  Input& input_;
  Serving& serving_;
  std::array<std::unique_ptr<Peer>, kPeers> peers_;
};

}  // namespace
}  // namespace coroipc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace coroipc::fuzz;
  static Serving serving("coroipc-fuzz-sessions-" + std::to_string(getpid()));
  static uint64_t runs = 0;
  const size_t descriptors = open_descriptors();
  Input input(data, size);
  Play(input, serving).run();
  serving.reset();
  DEMAND(serving.turn(20'000));
  DEMAND(serving.known().empty() && serving.active().empty() && serving.connections() == 0);
  DEMAND(open_descriptors() == descriptors);
  sweep(stem());
  // Each play is followed by an honest client; one of the classic wire takes its thread's time.
  constexpr int kClassic[] = {12, 14};
  DEMAND(serves_honest_client(serving, ++runs % 8 == 0 ? kClassic[runs / 8 % 2] : 0));
  DEMAND(serving.turn(20'000) && serving.connections() == 0);
  return 0;
}
