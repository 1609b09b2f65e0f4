// What a live server hears before anybody has a connection: any bytes of either wire, in any
// pieces, with any descriptors, and files of any kind. Whatever it was, the server is as it was
// before: no connection, no descriptor, and its next client is served.
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

#include "fuzz/descriptors.h"
#include "fuzz/hostile.h"
#include "fuzz/serving.h"
#include "sys/mapping.h"
#include "wire/classic/setup.h"
#include "wire/native/memory.h"

namespace coroipc::fuzz {
namespace {

namespace native = wire::native;
namespace classic = wire::classic;

const std::string& stem() {
  static const std::string made = "coroipc-fuzz-setup-" + std::to_string(getpid()) + "-";
  return made;
}

class Play {
 public:
  Play(Input& input, Serving& serving) : input_(input), serving_(serving) {
    auto connected = sys::connect_to(serving.name());
    DEMAND(connected.ok());
    socket_ = std::move(connected.value());
  }

  void run() {
    while (input_.more()) {
      step();
      // Pieces that the server gets at once, or one by one.
      if (input_.below(4) != 3) (void)serving_.turn();
    }
  }

 private:
  void step() {
    switch (input_.below(7)) {
      case 0:
        return say(socket_, input_.bytes(input_.number<uint16_t>()));
      case 1:
        return say_with_file(input_, socket_, input_.bytes(input_.below(64)), memory_bytes());
      case 2:
        return say(socket_, native::encode(hello()));
      case 3:
        return say_with_file(input_, socket_, native::encode_attach(), memory_bytes());
      case 4:
        return say_setup();
      case 5:
        serving_.admission = static_cast<Status>(input_.below(2) == 0 ? 1 : 11);
        serving_.connect_outcome = static_cast<Status>(input_.below(2) == 0 ? 1 : 6);
        return;
      default:
        shutdown(socket_.get(), SHUT_WR);
    }
  }

  [[nodiscard]] size_t memory_bytes() const { return sys::control_bytes() + granted_.request_ring; }

  native::Hello hello() {
    native::Hello hello;
    if (input_.below(8) == 1) hello.least_version = input_.number<uint16_t>();
    if (input_.below(8) == 1) hello.greatest_version = input_.number<uint16_t>();
    hello.service = input_.number<uint16_t>();
    hello.wanted = {input_.number<uint64_t>(), input_.number<uint32_t>(), 4096,
                    input_.number<uint32_t>()};
    granted_ = native::grant(hello.wanted, {1 << 16, 1 << 16, 1 << 16, 4});
    return hello;
  }

  // A setup of either generation, true but for what the script changes: files, sizes, bytes.
  void say_setup() {
    classic::Setup setup;
    setup.generation = input_.below(2) == 0 ? classic::Generation::k12 : classic::Generation::k14;
    setup.service = input_.number<uint16_t>();
    setup.sizes = {classic::kControlBytes, 4096, 4096, 4096};
    const uint8_t changes = input_.byte();
    for (size_t file = 0; file < classic::kFiles; ++file) {
      if ((changes >> file & 1) != 0) setup.sizes[file] = input_.near<uint64_t>(4096);
      const auto right = static_cast<size_t>(setup.sizes[file]);
      const int number = ++files_;
      setup.paths[file] = (changes >> (4 + file) & 1) != 0
                              ? some_path(input_, stem(), number, right)
                              : right_path(stem(), number, right);
    }
    std::vector<std::byte> message;
    if (!classic::encode_setup(setup, message)) return;
    for (uint32_t edits = input_.below(4); edits > 0; --edits) {
      const size_t at = input_.number<uint16_t>() % message.size();
      message[at] = std::byte{input_.byte()};
    }
    const size_t cut = input_.below(4) == 3 ? input_.number<uint16_t>() : 0;
    say(socket_, std::span(message).first(message.size() - std::min(cut, message.size())));
  }

  Input& input_;
  Serving& serving_;
  sys::Fd socket_;
  native::Geometry granted_{4096, 4096, 4096, 1};
  int files_ = 0;
};

}  // namespace
}  // namespace coroipc::fuzz

// A peer can leave as much behind as its socket holds, of which a turn reads a few dozen bytes.
constexpr int kMostTurns = 20'000;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace coroipc::fuzz;
  static Serving serving("coroipc-fuzz-handshake-" + std::to_string(getpid()));
  static uint64_t runs = 0;
  // The first clients make what lives as long as the process: the sanitizer's own files, bells.
  static const bool served =
      serves_honest_client(serving, 0) && serves_honest_client(serving, 12) && serving.turn();
  DEMAND(served);
  const size_t descriptors = open_descriptors();
  Input input(data, size);
  Play(input, serving).run();
  DEMAND(serving.turn(kMostTurns));
  DEMAND(serving.known().empty() && serving.active().empty() && serving.connections() == 0);
  DEMAND(open_descriptors() == descriptors);
  sweep(stem());
  serving.reset();
  constexpr int kWires[] = {0, 14, 0, 12};
  if (runs++ % 16 == 0) DEMAND(serves_honest_client(serving, kWires[runs / 16 % 4]));
  DEMAND(serving.turn(kMostTurns) && serving.connections() == 0);
  return 0;
}
