#include "wire/classic/setup.h"

#include <sys/socket.h>
#include <unistd.h>

#include "test/test.h"

namespace coroipc::wire::classic {
namespace {

using State = SetupReader::State;

struct Pair {
  sys::Fd ours;
  sys::Fd theirs;
};

Pair socket_pair() {
  int fds[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) return {};
  return {sys::Fd(fds[0]), sys::Fd(fds[1])};
}

Setup some_setup(Generation generation) {
  Setup setup;
  setup.generation = generation;
  setup.service = 65535;
  setup.paths = {"/dev/shm/control_buffer-abcdef", "/dev/shm/request_buffer-abcdef",
                 "/dev/shm/response_buffer-abcdef", "/dev/shm/dispatch_buffer-abcdef"};
  setup.sizes = {kControlBytes, 1 << 20, 1 << 20, 1 << 20};
  return setup;
}

void check_round_trip(Generation generation, size_t piece) {
  Pair pair = socket_pair();
  REQUIRE(pair.ours.open());
  std::vector<std::byte> bytes;
  REQUIRE(encode_setup(some_setup(generation), bytes));
  CHECK_EQ(bytes.size(), setup_layout(generation).bytes);
  SetupReader reader;
  State state = State::kMore;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    CHECK(state == State::kMore);
    const size_t size = std::min(piece, bytes.size() - at);
    const auto sent = sys::send(pair.theirs, std::span(bytes).subspan(at, size));
    CHECK_EQ(sent.bytes, size);
    state = reader.read(pair.ours);
  }
  REQUIRE(state == State::kComplete);
  const Setup expected = some_setup(generation);
  CHECK_EQ(reader.setup().generation, expected.generation);
  CHECK_EQ(reader.setup().service, expected.service);
  CHECK(reader.setup().paths == expected.paths);
  CHECK(reader.setup().sizes == expected.sizes);
}

TEST(setup_of_either_generation_is_recognised_whole_and_in_pieces) {
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{303}, size_t{304}, size_t{20000}}) {
    check_round_trip(Generation::k12, piece);
    check_round_trip(Generation::k14, piece);
  }
}

TEST(setup_with_paths_that_do_not_end_is_malformed) {
  Pair pair = socket_pair();
  REQUIRE(pair.ours.open());
  const std::vector<std::byte> bytes(kSetup14.bytes, std::byte{'/'});
  CHECK_EQ(sys::send(pair.theirs, bytes).bytes, bytes.size());
  SetupReader reader;
  CHECK(reader.read(pair.ours) == State::kMalformed);
}

TEST(setup_cut_off_by_a_hang_up_is_over) {
  Pair pair = socket_pair();
  REQUIRE(pair.ours.open());
  const std::vector<std::byte> bytes(100, std::byte{1});
  CHECK_EQ(sys::send(pair.theirs, bytes).bytes, bytes.size());
  SetupReader reader;
  CHECK(reader.read(pair.ours) == State::kMore);
  pair.theirs.reset();
  CHECK(reader.read(pair.ours) == State::kOver);
}

TEST(setup_paths_too_long_for_a_generation_are_not_encoded) {
  Setup setup = some_setup(Generation::k12);
  setup.paths[kDispatchFile] = "/dev/shm/" + std::string(60, 'x');
  std::vector<std::byte> bytes;
  CHECK(!encode_setup(setup, bytes));
  setup.generation = Generation::k14;
  CHECK(encode_setup(setup, bytes));
}

}  // namespace
}  // namespace coroipc::wire::classic
