// Whom a server takes in: its limits in number, and what becomes of callers when the system has no
// descriptor or no memory for one more.
#include <poll.h>

#include <array>

#include "client/session.h"
#include "server/census.h"
#include "sys/clock.h"
#include "test/failing_calls.h"
#include "test/no_descriptors.h"
#include "test/serving_loop.h"
#include "test/test.h"

namespace coroipc::test {
namespace {

using server::Census;
using server::TurnedAway;
using wire::classic::Generation;

// Nothing is the native wire.
using Wire = std::optional<Generation>;
constexpr std::array kWires = {Wire(), Wire(Generation::k12), Wire(Generation::k14)};

int64_t patience() { return sys::deadline_after_ms(20'000); }

void ignore(server::Server&, const server::Call&, std::vector<std::byte>) {}

struct Client {
  sys::SemaphoreWatch watch;
  std::unique_ptr<client::Session> session;

  Status connect(const ServingLoop& loop, Wire wire) {
    client::Options options;
    options.name = loop.name();
    options.service = 7;
    options.classic = wire;
    options.sizes = {65536, 65536, 65536};
    auto begun = client::Session::begin(options, watch);
    if (!begun.ok()) return begun.failure().status;
    session = std::move(begun.value());
    auto finished = session->finish_handshake(patience());
    return finished.ok() ? Status::kOk : finished.failure().status;
  }
};

int count(const ServingLoop& loop, TurnedAway why) {
  return loop.heard().turned_away[static_cast<size_t>(why)];
}

}  // namespace

TEST(census_says_which_limit_is_reached) {
  using Full = Census::Full;
  Census census(4, 3);
  for (int i = 0; i < 3; ++i) {
    CHECK(census.full_for(1) == Full::kNothing);
    census.enter(1);
  }
  CHECK(census.full_for(1) == Full::kConnectionsOfUid);
  CHECK(census.full_for(2) == Full::kNothing);
  census.enter(2);
  CHECK(census.full_for(2) == Full::kConnections);
  CHECK(census.full_for(1) == Full::kConnections);
  census.leave(1);
  census.leave(2);
  CHECK(census.full_for(1) == Full::kNothing);
  CHECK(census.full_for(2) == Full::kNothing);
}

TEST(callers_beyond_a_limit_are_told_and_counted_on_every_wire) {
  for (const Wire wire : kWires) {
    ServingLoop loop(ignore);
    REQUIRE(loop.start([](server::Options& options) { options.max_connections_per_uid = 1; }));
    std::optional<Client> first(std::in_place);
    CHECK(first->connect(loop, wire) == Status::kOk);
    Client second;
    CHECK(second.connect(loop, wire) == Status::kErrNoResources);
    CHECK_EQ(count(loop, TurnedAway::kByLimit), 1);
    first.reset();
    CHECK(eventually([&] { return loop.heard().released == 1; }));
    CHECK(second.connect(loop, wire) == Status::kOk);
  }
}

TEST(callers_beyond_the_bytes_of_a_connection_are_told_on_every_wire) {
  for (const Wire wire : kWires) {
    ServingLoop loop(ignore);
    REQUIRE(
        loop.start([](server::Options& options) { options.max_bytes_per_connection = 100'000; }));
    Client client;
    CHECK(client.connect(loop, wire) == Status::kErrTooBig);
    CHECK_EQ(count(loop, TurnedAway::kByLimit), 1);
  }
}

TEST(half_open_handshakes_are_limited_and_end_in_time) {
  ServingLoop loop(ignore);
  REQUIRE(loop.start([](server::Options& options) {
    options.max_handshakes = 2;
    options.handshake_timeout_ms = 500;
  }));
  auto one = sys::connect_to(loop.name());
  auto two = sys::connect_to(loop.name());
  REQUIRE(one.ok() && two.ok());
  // One more of the same user ends the oldest, so that who does finish gets in.
  Client client;
  CHECK(client.connect(loop, Wire()) == Status::kOk);
  CHECK((sys::wait_for(one.value(), POLLIN, patience()) & POLLHUP) != 0);
  CHECK_EQ(count(loop, TurnedAway::kForFault), 1);
  CHECK((sys::wait_for(two.value(), POLLIN, patience()) & POLLHUP) != 0);
  CHECK_EQ(count(loop, TurnedAway::kForDelay), 1);
}

TEST(out_of_descriptors_callers_are_told) {
  ServingLoop loop(ignore);
  REQUIRE(loop.start());
  // Once before, because the sanitizer needs a descriptor to look at an object for the first time.
  Client before;
  CHECK(before.connect(loop, Wire()) == Status::kOk);
  {
    // The caller's own socket is all that there is room for.
    const NoDescriptors none(1);
    for (int round = 1; round <= 3; ++round) {
      Client client;
      CHECK(client.connect(loop, Wire()) == Status::kErrNoResources);
      CHECK_EQ(count(loop, TurnedAway::kForWant), round);
    }
  }
  Client after;
  CHECK(after.connect(loop, Wire()) == Status::kOk);
}

TEST(out_of_descriptors_a_silent_caller_is_hung_up_on) {
  ServingLoop loop(ignore);
  REQUIRE(loop.start());
  Client before;
  CHECK(before.connect(loop, Wire()) == Status::kOk);
  const NoDescriptors none(1);
  auto silent = sys::connect_to(loop.name());
  REQUIRE(silent.ok());
  CHECK((sys::wait_for(silent.value(), POLLIN, patience()) & POLLHUP) != 0);
}

// One that can be accepted by nobody would be readable for ever.
TEST(out_of_memory_the_listener_is_left_alone_for_a_while) {
  const int outcome = in_a_process([] {
    ServingLoop loop(ignore);
    if (!loop.start()) return 1;
    bool failing = false;
    loop.run([&](server::Server&) { failing = fail_calls({{SYS_accept4}}, ENOMEM); });
    if (!failing) return 2;
    auto caller = sys::connect_to(loop.name());
    if (!caller.ok()) return 3;
    if (!eventually([&] { return loop.heard().warnings > 0; })) return 4;
    const int before = loop.heard().turns;
    usleep(500'000);
    const int turns = loop.heard().turns - before;
    // Once in twenty milliseconds it is tried anew, by a timer's turn and the listener's.
    return turns > 0 && turns < 150 ? 0 : 5;
  });
  CHECK_EQ(outcome, 0);
}

}  // namespace coroipc::test
