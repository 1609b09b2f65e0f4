// What becomes of dispatch messages that a client does not take: each way to overflow, through real
// sockets and shared memory. The client reads when the test says so, so what it finds is exact.
#include <cstring>

#include "client/session.h"
#include "sys/clock.h"
#include "test/serving_loop.h"
#include "test/test.h"

namespace coroipc::test {
namespace {

using server::ConnectionId;
using server::Counter;
using server::Overflow;
using server::Server;
using wire::classic::Generation;

// Nothing is the native wire.
using Wire = std::optional<Generation>;
constexpr std::array kWires = {Wire(), Wire(Generation::k12), Wire(Generation::k14)};
constexpr uint32_t kSize = 400;
constexpr size_t kRing = 4096;

std::vector<std::byte> message_of(uint32_t number, uint32_t size) {
  std::vector<std::byte> message(size, static_cast<std::byte>(number));
  const wire::ResponseHeader header{static_cast<int32_t>(size), static_cast<int32_t>(number), 1};
  std::memcpy(message.data(), &header, sizeof header);
  return message;
}

// One connection of a server, both ends of it.
struct Pair {
  explicit Pair(Wire used) : wire(used) {
    loop.on_connect = [this](Server& server, ConnectionId id) {
      connection = id;
      if (on_connect) on_connect(server);
    };
  }

  bool start(const std::function<void(server::Options&)>& change = {}) {
    if (!loop.start(change)) return false;
    client::Options options;
    options.name = loop.name();
    options.service = 7;
    options.classic = wire;
    options.sizes = {4096, 4096, kRing};
    auto begun = client::Session::begin(options, watch);
    if (!begun.ok()) return false;
    session = std::move(begun.value());
    return session->finish_handshake(sys::deadline_after_ms(20'000)).ok();
  }

  void set(Overflow overflow, std::optional<size_t> max_bytes) {
    loop.run([&](Server& server) {
      CHECK(server.set_overflow(connection, overflow, max_bytes) == Status::kOk);
    });
  }

  Status send(Server& server, uint32_t number, uint32_t size, bool& queued) const {
    const auto message = message_of(number, size);
    const wire::Bytes bytes(message);
    return server.dispatch(connection, std::span(&bytes, 1), queued);
  }
  Status send(uint32_t number, bool& queued, uint32_t size = kSize) {
    Status status = Status::kOk;
    loop.run([&](Server& server) { status = send(server, number, size, queued); });
    return status;
  }

  // Sends from number 0 until one does not go into the ring; how many went.
  uint32_t fill(Status& status, bool& queued) {
    uint32_t sent = 0;
    for (;; ++sent) {
      status = send(sent, queued);
      if (status != Status::kOk || queued) return sent;
    }
  }

  uint64_t counter(Counter counter) {
    uint64_t value = 0;
    loop.run([&](Server& server) {
      value = server.find(connection)->counters[static_cast<size_t>(counter)];
    });
    return value;
  }
  size_t queued_messages() {
    size_t count = 0;
    loop.run([&](Server& server) { count = server.find(connection)->queue.messages(); });
    return count;
  }

  // The client takes the next message; its number and size have to be these.
  bool take(uint32_t number, uint32_t size = kSize) {
    uint32_t got = 0;
    if (session->next(sys::deadline_after_ms(20'000), got) != Status::kOk || got != size)
      return false;
    std::vector<std::byte> message(size);
    const bool same = session->read_message(message) == size && message == message_of(number, size);
    return session->put() && same;
  }
  bool nothing_left() {
    uint32_t got = 0;
    return session->next(sys::now_ns(), got) == Status::kErrTimeout;
  }
  // Asks the ring, as a user's loop does, until the server was told to go on.
  bool drained(int times) {
    return eventually([&] { return nothing_left() && loop.heard().drained == times; });
  }

  const Wire wire;
  std::function<void(Server&)> on_connect;
  ConnectionId connection = 0;
  ServingLoop loop{[](Server&, const server::Call&, const std::vector<std::byte>&) {}};
  sys::SemaphoreWatch watch;
  std::unique_ptr<client::Session> session;
};

TEST(overflow_queue_takes_up_to_its_limit_and_refuses_the_rest) {
  for (const Wire wire : kWires) {
    Pair pair(wire);
    REQUIRE(pair.start([](server::Options& options) { options.max_queue_bytes = 3 * kSize; }));
    Status status = Status::kOk;
    bool queued = false;
    const uint32_t direct = pair.fill(status, queued);
    CHECK(status == Status::kOk && queued);
    for (uint32_t i = 1; i < 3; ++i) CHECK(pair.send(direct + i, queued) == Status::kOk && queued);
    CHECK(pair.send(99, queued) == Status::kErrTryAgain && !queued);
    CHECK_EQ(pair.counter(Counter::kOverload), 1);
    CHECK_EQ(pair.queued_messages(), 3);
    CHECK_EQ(pair.loop.heard().drained, 0);
    for (uint32_t i = 0; i < direct + 3; ++i) REQUIRE(pair.take(i));
    CHECK(pair.drained(1));
    CHECK(pair.send(100, queued) == Status::kOk && !queued);
    CHECK(pair.take(100));
    CHECK_EQ(pair.counter(Counter::kDropped), 0);
    CHECK_EQ(pair.loop.heard().drained, 1);
  }
}

TEST(overflow_drop_oldest_keeps_the_ring_and_the_newest) {
  for (const Wire wire : kWires) {
    Pair pair(wire);
    REQUIRE(pair.start());
    pair.set(Overflow::kDropOldest, 3 * kSize);
    Status status = Status::kOk;
    bool queued = false;
    const uint32_t direct = pair.fill(status, queued);
    for (uint32_t i = 1; i < 10; ++i) CHECK(pair.send(direct + i, queued) == Status::kOk && queued);
    CHECK_EQ(pair.counter(Counter::kDropped), 7);
    CHECK_EQ(pair.queued_messages(), 3);
    // A larger one takes the place of several, and a smaller one joins what is left.
    CHECK(pair.send(50, queued, 2 * kSize) == Status::kOk && queued);
    CHECK_EQ(pair.counter(Counter::kDropped), 9);
    CHECK(pair.send(51, queued, 40) == Status::kOk && queued);
    CHECK_EQ(pair.counter(Counter::kDropped), 10);
    // One that no place could be made for is refused, and costs no other its own.
    CHECK(pair.send(52, queued, 3 * kSize + 8) == Status::kErrTryAgain && !queued);
    CHECK_EQ(pair.counter(Counter::kDropped), 10);
    CHECK_EQ(pair.counter(Counter::kOverload), 1);
    for (uint32_t i = 0; i < direct; ++i) REQUIRE(pair.take(i));
    CHECK(pair.take(50, 2 * kSize));
    CHECK(pair.take(51, 40));
    CHECK(pair.drained(1));
    CHECK(pair.send(52, queued, 3 * kSize + 8) == Status::kOk && !queued);
    CHECK(pair.take(52, 3 * kSize + 8));
  }
}

TEST(overflow_reject_refuses_at_a_full_ring_and_tells_of_room) {
  for (const Wire wire : kWires) {
    Pair pair(wire);
    REQUIRE(pair.start());
    pair.set(Overflow::kReject, std::nullopt);
    Status status = Status::kOk;
    bool queued = false;
    const uint32_t direct = pair.fill(status, queued);
    CHECK(status == Status::kErrTryAgain && !queued);
    CHECK(pair.send(99, queued) == Status::kErrTryAgain);
    CHECK_EQ(pair.queued_messages(), 0);
    CHECK_EQ(pair.counter(Counter::kOverload), 2);
    CHECK_EQ(pair.counter(Counter::kFlowControlCount), 1);
    CHECK_EQ(pair.loop.heard().drained, 0);
    REQUIRE(pair.take(0));
    CHECK(eventually([&] { return pair.loop.heard().drained == 1; }));
    for (uint32_t i = 1; i < direct; ++i) REQUIRE(pair.take(i));
    CHECK(eventually([&] { return pair.nothing_left() && !pair.session->flow_controlled(); }));
    CHECK(pair.send(direct, queued) == Status::kOk && !queued);
    CHECK(pair.take(direct));
    CHECK_EQ(pair.loop.heard().drained, 1);
  }
}

// Room for a small message is no room for the one that waits with its sender.
TEST(overflow_tells_of_room_for_the_largest_message_that_was_refused) {
  for (const Wire wire : kWires) {
    Pair pair(wire);
    REQUIRE(pair.start());
    pair.set(Overflow::kReject, std::nullopt);
    Status status = Status::kOk;
    bool queued = false;
    const uint32_t direct = pair.fill(status, queued);
    CHECK(pair.send(90, queued, 5 * kSize) == Status::kErrTryAgain);
    CHECK(pair.send(91, queued) == Status::kErrTryAgain);
    uint32_t taken = 0;
    // A pause after each, so that whoever would be told too early is.
    for (; taken < direct && pair.loop.heard().drained == 0; usleep(10'000))
      REQUIRE(pair.take(taken++));
    CHECK(eventually([&] { return pair.loop.heard().drained == 1; }));
    CHECK(pair.send(90, queued, 5 * kSize) == Status::kOk && !queued);
    for (; taken < direct; ++taken) REQUIRE(pair.take(taken));
    CHECK(pair.take(90, 5 * kSize));
  }
}

TEST(overflow_disconnect_ends_the_connection_and_no_other) {
  for (const Wire wire : kWires) {
    Pair pair(wire);
    REQUIRE(pair.start());
    const ConnectionId slow = pair.connection;
    pair.set(Overflow::kDisconnect, 3 * kSize);
    std::unique_ptr<client::Session> slow_session = std::move(pair.session);
    client::Options options;
    options.name = pair.loop.name();
    options.service = 7;
    options.classic = wire;
    options.sizes = {4096, 4096, kRing};
    auto begun = client::Session::begin(options, pair.watch);
    REQUIRE(begun.ok());
    pair.session = std::move(begun.value());
    REQUIRE(pair.session->finish_handshake(sys::deadline_after_ms(20'000)).ok());
    const ConnectionId other = std::exchange(pair.connection, slow);

    Status status = Status::kOk;
    bool queued = false;
    const uint32_t direct = pair.fill(status, queued);
    CHECK(pair.send(98, queued, 4 * kSize) == Status::kErrTryAgain);
    CHECK_EQ(pair.loop.heard().disconnected, 0);
    for (uint32_t i = 1; i < 3; ++i) CHECK(pair.send(direct + i, queued) == Status::kOk && queued);
    uint64_t counted = 0;
    pair.loop.run([&](Server& server) {
      (void)server.reference(slow);
      CHECK(pair.send(server, 99, kSize, queued) == Status::kErrLibrary && !queued);
      CHECK(pair.send(server, 99, kSize, queued) == Status::kErrLibrary);
      counted = server.find(slow)->counters[static_cast<size_t>(Counter::kOverflow)];
      (void)server.unreference(slow);
    });
    CHECK_EQ(counted, 1);
    CHECK_EQ(pair.loop.heard().warnings, 1);
    CHECK_EQ(pair.loop.heard().disconnected, 1);
    CHECK(eventually([&] { return pair.loop.heard().released == 1; }));
    // The other one gets its message; this one finds what its ring held, then the end.
    pair.connection = other;
    CHECK(pair.send(0, queued) == Status::kOk && !queued);
    CHECK(pair.take(0));
    pair.session = std::move(slow_session);
    for (uint32_t i = 0; i < direct; ++i) REQUIRE(pair.take(i));
    uint32_t got = 0;
    const Status over = pair.session->next(sys::deadline_after_ms(20'000), got);
    CHECK(over == Status::kErrLibrary || over == Status::kErrInShutdown);
    CHECK_EQ(pair.loop.heard().drained, 0);
  }
}

// What a connect function sends waits for the answer to the setup, and is no backlog for that.
TEST(overflow_leaves_a_rings_worth_to_the_connect_function) {
  for (const Wire wire : kWires) {
    for (const Overflow overflow : {Overflow::kReject, Overflow::kDisconnect}) {
      Pair pair(wire);
      pair.on_connect = [&](Server& server) {
        CHECK(server.set_overflow(pair.connection, overflow, 0) == Status::kOk);
        bool queued = false;
        for (uint32_t i = 0; i < 5; ++i)
          CHECK(pair.send(server, i, kSize, queued) == Status::kOk && queued);
        CHECK(pair.send(server, 9, 3000, queued) ==
              (overflow == Overflow::kReject ? Status::kErrTryAgain : Status::kErrLibrary));
      };
      const bool connected = pair.start();
      CHECK_EQ(connected, overflow == Overflow::kReject);
      if (!connected) continue;
      CHECK_EQ(pair.loop.heard().drained, 0);
      for (uint32_t i = 0; i < 5; ++i) REQUIRE(pair.take(i));
      CHECK(pair.drained(1));
    }
  }
}

TEST(a_counters_function_may_end_the_connection_whose_backlog_begins) {
  for (const Wire wire : kWires) {
    for (const Counter at : {Counter::kQueueSize, Counter::kFlowControlCount, Counter::kOverload,
                             Counter::kDropped, Counter::kOverflow}) {
      Pair pair(wire);
      pair.loop.on_counted = [&](Server& server, ConnectionId id, Counter counter) {
        if (counter == at) (void)server.end_connection(id);
      };
      REQUIRE(pair.start([](server::Options& options) {
        options.count_changes = true;
        options.max_queue_bytes = 0;
      }));
      if (at == Counter::kDropped || at == Counter::kQueueSize)
        pair.set(Overflow::kDropOldest, kSize);
      if (at == Counter::kOverflow) pair.set(Overflow::kDisconnect, kSize);
      Status status = Status::kOk;
      bool queued = false;
      for (uint32_t i = 0; status != Status::kErrBadHandle && i < 1000; ++i)
        status = pair.send(i, queued);
      CHECK(status == Status::kErrBadHandle);
      CHECK(eventually([&] { return pair.loop.heard().released == 1; }));
      CHECK_EQ(pair.loop.heard().disconnected, 1);
      CHECK_EQ(pair.loop.heard().drained, 0);
      // No timer is left that would fire for nobody, over and over.
      const int turns = pair.loop.heard().turns;
      usleep(100'000);
      CHECK(pair.loop.heard().turns - turns < 20);
    }
  }
}

TEST(overflow_names_a_connection_that_is_there) {
  Pair pair(Wire{});
  REQUIRE(pair.start());
  pair.loop.run([&](Server& server) {
    CHECK(server.set_overflow(pair.connection + 1, Overflow::kReject, 0) == Status::kErrBadHandle);
  });
}

}  // namespace
}  // namespace coroipc::test
