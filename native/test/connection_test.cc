// A server and clients, through real sockets and shared memory, on the native wire and on both
// generations of the classic one.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <numeric>

#include "client/session.h"
#include "sys/clock.h"
#include "test/serving_loop.h"
#include "test/test.h"

namespace coroipc::test {
namespace {

using server::Call;
using server::ConnectionId;
using server::Server;
using wire::Bytes;
using wire::classic::Generation;

// Nothing is the native wire.
using Wire = std::optional<Generation>;
constexpr std::array kWires = {Wire(), Wire(Generation::k12), Wire(Generation::k14)};
constexpr std::array kGenerations = {Generation::k12, Generation::k14};
constexpr int64_t kPatienceMs = 20'000;
constexpr int32_t kEcho = 1;
constexpr int32_t kBurst = 2;   // body: count, size of each
constexpr int32_t kForget = 3;  // is never answered
constexpr int32_t kEndMe = 4;   // ends the connection from inside its handler

int64_t patience() { return sys::deadline_after_ms(kPatienceMs); }

std::vector<std::byte> request_of(int32_t id, std::span<const std::byte> body) {
  std::vector<std::byte> message(sizeof(wire::RequestHeader) + body.size());
  const wire::RequestHeader header{static_cast<int32_t>(message.size()), id};
  std::memcpy(message.data(), &header, sizeof header);
  if (!body.empty()) std::memcpy(message.data() + sizeof header, body.data(), body.size());
  return message;
}

std::vector<std::byte> response_of(int32_t id, std::span<const std::byte> body) {
  std::vector<std::byte> message(sizeof(wire::ResponseHeader) + body.size());
  const wire::ResponseHeader header{static_cast<int32_t>(message.size()), id, 1};
  std::memcpy(message.data(), &header, sizeof header);
  if (!body.empty()) std::memcpy(message.data() + sizeof header, body.data(), body.size());
  return message;
}

std::vector<std::byte> pattern(size_t size, uint32_t seed) {
  std::vector<std::byte> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(seed * 31 + i * 7);
  return bytes;
}

void respond(Server& server, const Call& call, std::span<const std::byte> message) {
  const Bytes bytes(message);
  CHECK(server.respond(call.connection, call.request.token, std::span(&bytes, 1)) == Status::kOk);
}

void burst(Server& server, ConnectionId connection, std::span<const std::byte> body) {
  uint32_t count = 0;
  uint32_t size = 0;
  std::memcpy(&count, body.data(), 4);
  std::memcpy(&size, body.data() + 4, 4);
  for (uint32_t i = 0; i < count; ++i) {
    const auto message =
        response_of(static_cast<int32_t>(i), pattern(size - sizeof(wire::ResponseHeader), i));
    // In two parts, the first of an odd length: the receiver sees one message all the same.
    const std::array parts = {Bytes(message).first(25), Bytes(message).subspan(25)};
    bool queued = false;
    CHECK(server.dispatch(connection, parts, queued) == Status::kOk);
  }
}

void serve(Server& server, const Call& call, std::vector<std::byte> message) {
  const auto body = std::span<const std::byte>(message).subspan(sizeof(wire::RequestHeader));
  const int32_t id = call.request.id;
  if (id == kForget) return;
  if (id == kEndMe) {
    CHECK(server.end_connection(call.connection) == Status::kOk);
    const Bytes answer(message);
    CHECK(server.respond(call.connection, call.request.token, std::span(&answer, 1)) ==
          Status::kErrLibrary);
    return;
  }
  respond(server, call, response_of(id, body));
  if (id == kBurst) burst(server, call.connection, body);
}

struct Client {
  sys::SemaphoreWatch watch;
  std::unique_ptr<client::Session> session;
  uint32_t service = 7;

  Status connect(const ServingLoop& loop, Wire wire, size_t dispatch_bytes = 65536,
                 uint32_t max_in_flight = 16) {
    client::Options options;
    options.name = loop.name();
    options.service = service;
    options.classic = wire;
    options.max_in_flight = max_in_flight;
    options.sizes = {65536, 65536, dispatch_bytes};
    options.spin_us = 20;
    auto begun = client::Session::begin(options, watch);
    if (!begun.ok()) return begun.failure().status;
    session = std::move(begun.value());
    auto finished = session->finish_handshake(patience());
    return finished.ok() ? Status::kOk : finished.failure().status;
  }

  Status call(std::span<const std::byte> message, std::vector<std::byte>& answer) {
    const Bytes bytes(message);
    uint64_t token = 0;
    const Status sent = session->send(std::span(&bytes, 1), token);
    if (sent != Status::kOk) return sent;
    uint32_t size = 0;
    const Status status = session->await(token, patience(), size);
    if (status != Status::kOk) return status;
    answer.resize(size);
    CHECK_EQ(session->read_answer(answer), size);
    session->answer_done();
    return status;
  }
};

size_t shm_entries() {
  size_t count = 0;
  DIR* directory = opendir("/dev/shm");
  while (const dirent* entry = readdir(directory))
    if (std::strstr(entry->d_name, "_buffer-") != nullptr) ++count;
  closedir(directory);
  return count;
}

size_t open_descriptors() {
  size_t count = 0;
  DIR* directory = opendir("/proc/self/fd");
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

TEST(calls_carry_every_size_up_to_the_buffer) {
  for (const Wire wire : kWires) {
    ServingLoop loop(serve);
    REQUIRE(loop.start());
    Client client;
    REQUIRE(client.connect(loop, wire) == Status::kOk);
    for (const size_t size : {0, 1, 7, 8, 9, 100, 4096, 65536 - 24}) {
      const auto body = pattern(size, static_cast<uint32_t>(size));
      std::vector<std::byte> answer;
      REQUIRE(client.call(request_of(kEcho, body), answer) == Status::kOk);
      CHECK(answer == response_of(kEcho, body));
    }
    std::vector<std::byte> answer;
    const std::vector<std::byte> too_large(client.session->request_bytes() + 1);
    CHECK(client.call(too_large, answer) == Status::kErrInvalidParam);
    CHECK(client.call(request_of(kEcho, {}), answer) == Status::kOk);
  }
}

// Reads the next message and checks that it is number `i` of a burst; false when there is none.
bool next_of_burst(client::Session& session, uint32_t i, uint32_t size) {
  uint32_t got = 0;
  if (session.next(patience(), got) != Status::kOk || got != size) return false;
  const auto expected =
      response_of(static_cast<int32_t>(i), pattern(size - sizeof(wire::ResponseHeader), i));
  std::vector<std::byte> message(size);
  const bool same = session.read_message(message) == size && message == expected;
  return session.put() && same;
}

TEST(dispatch_messages_beyond_the_ring_all_arrive_in_order) {
  for (const Wire wire : kWires) {
    // The last is the largest that the ring takes.
    for (const uint32_t size : {32u, 61u, 500u, 3000u, wire.has_value() ? 4087u : 4072u}) {
      ServingLoop loop(serve);
      REQUIRE(loop.start());
      Client client;
      REQUIRE(client.connect(loop, wire, 4096) == Status::kOk);
      const std::array<uint32_t, 2> body = {300, size};
      std::vector<std::byte> answer;
      REQUIRE(client.call(request_of(kBurst, std::as_bytes(std::span(body))), answer) ==
              Status::kOk);
      for (uint32_t i = 0; i < 300; ++i) {
        REQUIRE(next_of_burst(*client.session, i, size));
      }
      uint32_t got = 0;
      CHECK(client.session->next(sys::now_ns(), got) == Status::kErrTimeout);
      CHECK(!client.session->put());
    }
  }
}

TEST(what_a_connect_function_sends_comes_after_the_answer_to_the_setup) {
  for (const Wire wire : kWires) {
    ServingLoop loop(serve);
    loop.on_connect = [](Server& server, ConnectionId connection) {
      // More than the ring holds, so that some of it still waits when the connection is made.
      const std::array<uint32_t, 2> body = {20, 400};
      burst(server, connection, std::as_bytes(std::span(body)));
    };
    REQUIRE(loop.start());
    Client client;
    REQUIRE(client.connect(loop, wire, 4096) == Status::kOk);
    for (uint32_t i = 0; i < 20; ++i) REQUIRE(next_of_burst(*client.session, i, 400));
    std::vector<std::byte> answer;
    CHECK(client.call(request_of(kEcho, {}), answer) == Status::kOk);
  }
}

TEST(messages_that_arrived_are_read_before_the_hang_up_is_told) {
  for (const Wire wire : kWires) {
    ServingLoop loop(serve);
    REQUIRE(loop.start());
    Client client;
    REQUIRE(client.connect(loop, wire) == Status::kOk);
    const std::array<uint32_t, 2> body = {10, 100};
    std::vector<std::byte> answer;
    REQUIRE(client.call(request_of(kBurst, std::as_bytes(std::span(body))), answer) == Status::kOk);
    loop.stop();
    for (uint32_t i = 0; i < 10; ++i) REQUIRE(next_of_burst(*client.session, i, 100));
    uint32_t got = 0;
    const Status over = client.session->next(patience(), got);
    CHECK(over == Status::kErrLibrary || over == Status::kErrInShutdown);
  }
}

TEST(a_user_that_closes_its_descriptor_breaks_nothing) {
  for (const Wire wire : kWires) {
    ServingLoop loop(serve);
    REQUIRE(loop.start());
    Client client;
    REQUIRE(client.connect(loop, wire) == Status::kOk);
    auto fd = client.session->user_fd();
    REQUIRE(fd.ok());
    CHECK(fd.value() != client.session->socket());
    const sys::Fd null_device(open("/dev/null", O_RDONLY | O_CLOEXEC));
    REQUIRE(null_device.open());
    close(fd.value());
    const std::array<uint32_t, 2> body = {3, 100};
    std::vector<std::byte> answer;
    REQUIRE(client.call(request_of(kBurst, std::as_bytes(std::span(body))), answer) == Status::kOk);
    for (uint32_t i = 0; i < 3; ++i) CHECK(next_of_burst(*client.session, i, 100));
    // Whatever has its number by now is not closed with the session.
    const sys::Fd other(dup2(null_device.get(), fd.value()));
    REQUIRE_EQ(other.get(), fd.value());
    client.session.reset();
    CHECK(fcntl(other.get(), F_GETFD) >= 0);
  }
}

TEST(a_client_that_vanishes_is_disconnected_once_and_leaves_nothing) {
  const size_t files = shm_entries();
  const size_t descriptors = open_descriptors();
  for (const Wire wire : kWires) {
    ServingLoop loop(serve);
    REQUIRE(loop.start());
    loop.busy_exits = 3;
    for (int i = 0; i < 5; ++i) {
      Client client;
      REQUIRE(client.connect(loop, wire) == Status::kOk);
    }
    CHECK(eventually([&] { return loop.heard().released == 5; }));
    CHECK_EQ(loop.heard().disconnected, 5);
    loop.stop();
  }
  CHECK_EQ(shm_entries(), files);
  CHECK_EQ(open_descriptors(), descriptors);
}

// In its handshake before it has said a word, and in its handshake's midst.
TEST(a_client_that_is_killed_in_its_handshake_leaves_no_file) {
  for (const Generation generation : kGenerations) {
    for (const bool says_something : {false, true}) {
      const size_t files = shm_entries();
      ServingLoop loop(serve);
      REQUIRE(loop.start());
      std::array<int, 2> ready{};
      REQUIRE_EQ(pipe2(ready.data(), O_CLOEXEC), 0);
      const pid_t child = fork();
      if (child == 0) {
        sys::SemaphoreWatch watch;
        client::Options options;
        options.name = loop.name();
        options.service = 7;
        options.classic = generation;
        options.sizes = {65536, 65536, 65536};
        auto begun = client::Session::begin(options, watch);
        if (begun.ok() && says_something) {
          const std::array<std::byte, 20> some{};
          (void)!write(begun.value()->socket(), some.data(), some.size());
        }
        const char done = begun.ok() ? 'y' : 'n';
        (void)!write(ready[1], &done, 1);
        for (;;) pause();
      }
      char done = 0;
      CHECK(child > 0 && read(ready[0], &done, 1) == 1 && done == 'y');
      CHECK_EQ(shm_entries(), files + 4);
      kill(child, SIGKILL);
      CHECK_EQ(waitpid(child, nullptr, 0), child);
      CHECK(eventually([&] { return shm_entries() == files; }));
      for (const int fd : ready) close(fd);
    }
  }
}

TEST(a_server_that_closes_ends_the_calls_of_its_clients) {
  for (const Wire wire : kWires) {
    ServingLoop loop(serve);
    REQUIRE(loop.start());
    Client client;
    REQUIRE(client.connect(loop, wire) == Status::kOk);
    Status outcome = Status::kOk;
    std::vector<std::byte> answer;
    std::thread caller([&] { outcome = client.call(request_of(kForget, {}), answer); });
    CHECK(eventually([&] { return loop.heard().requests == 1; }));
    loop.stop();
    caller.join();
    // A client of 1.2 is answered with the error in the header; one of 1.4 finds the flag.
    if (outcome == Status::kOk) {
      REQUIRE_EQ(answer.size(), sizeof(wire::ResponseHeader));
      int32_t error = 0;
      std::memcpy(&error, answer.data() + 16, sizeof error);
      CHECK_EQ(error, 2);
    } else {
      CHECK(outcome == Status::kErrLibrary);
    }
    CHECK_EQ(loop.heard().disconnected, 1);
    CHECK(client.call(request_of(kEcho, {}), answer) == Status::kErrLibrary);
  }
}

TEST(waits_without_end_can_be_interrupted) {
  for (const Wire wire : kWires) {
    ServingLoop loop(serve);
    REQUIRE(loop.start());
    Client client;
    REQUIRE(client.connect(loop, wire) == Status::kOk);
    int looks = 0;
    client.session->set_interrupted([&] { return ++looks == 3; });
    uint32_t size = 0;
    CHECK(client.session->next(sys::kNever, size) == Status::kErrInterrupt);
    looks = 0;
    const auto forgotten = request_of(kForget, {});
    const Bytes bytes(forgotten);
    uint64_t token = 0;
    REQUIRE(client.session->send(std::span(&bytes, 1), token) == Status::kOk);
    CHECK(client.session->await(token, sys::kNever, size) == Status::kErrInterrupt);
    // It is still in flight.
    CHECK(client.session->await(token, sys::now_ns(), size) == Status::kErrTimeout);
  }
}

TEST(a_connection_that_ended_gives_no_stale_answer) {
  for (const Wire wire : kWires) {
    ServingLoop loop(serve);
    REQUIRE(loop.start());
    Client client;
    REQUIRE(client.connect(loop, wire) == Status::kOk);
    std::vector<std::byte> answer;
    REQUIRE(client.call(request_of(kEcho, pattern(10, 1)), answer) == Status::kOk);
    loop.run([](Server& server) { (void)server.end_service(7); });
    CHECK(client.call(request_of(kEcho, pattern(20, 2)), answer) == Status::kErrLibrary);
  }
}

TEST(a_disconnect_function_that_is_busy_in_a_handler_is_asked_again) {
  for (const Wire wire : kWires) {
    ServingLoop loop(serve);
    REQUIRE(loop.start());
    loop.busy_exits = 3;
    Client client;
    REQUIRE(client.connect(loop, wire) == Status::kOk);
    std::vector<std::byte> answer;
    (void)client.call(request_of(kEndMe, {}), answer);
    CHECK(eventually([&] { return loop.heard().released == 1; }));
    CHECK_EQ(loop.heard().disconnected, 1);
  }
}

TEST(a_handler_may_end_its_own_connection) {
  for (const Wire wire : kWires) {
    ServingLoop loop(serve);
    REQUIRE(loop.start());
    Client client;
    REQUIRE(client.connect(loop, wire) == Status::kOk);
    std::vector<std::byte> answer;
    (void)client.call(request_of(kEndMe, {}), answer);
    CHECK(eventually([&] { return loop.heard().released == 1; }));
    CHECK_EQ(loop.heard().disconnected, 1);
  }
}

TEST(refusals_reach_the_client_with_their_status) {
  for (const Wire wire : kWires) {
    ServingLoop loop(serve);
    REQUIRE(loop.start());
    Client client;
    loop.admission = Status::kErrSecurity;
    CHECK(client.connect(loop, wire) == Status::kErrSecurity);
    loop.admission = Status::kOk;
    loop.connect_outcome = Status::kErrNoResources;
    CHECK(client.connect(loop, wire) == Status::kErrNoResources);
    loop.connect_outcome = Status::kOk;
    CHECK(client.connect(loop, wire) == Status::kOk);
    client.session.reset();
    CHECK(eventually([&] { return loop.heard().released == 3; }));
    CHECK_EQ(loop.heard().disconnected, 1);
  }
}

TEST(a_service_that_cannot_be_is_refused_and_its_host_hears_nothing_of_it) {
  for (const Wire wire : kWires) {
    ServingLoop loop(serve);
    REQUIRE(loop.start());
    Client stranger;
    stranger.service = wire::kIdLimit;
    CHECK(stranger.connect(loop, wire) == Status::kErrNotExist);
    Client client;
    REQUIRE(client.connect(loop, wire) == Status::kOk);
    client.session.reset();
    CHECK(eventually([&] { return loop.heard().disconnected == 1; }));
    loop.stop();
    // Of the one that it was asked about.
    CHECK_EQ(loop.heard().released, 1);
  }
}

TEST(out_of_descriptors_a_caller_is_turned_away_and_the_server_serves_on) {
  ServingLoop loop(serve);
  REQUIRE(loop.start());
  Client before;
  REQUIRE(before.connect(loop, Generation::k12) == Status::kOk);
  rlimit limit{};
  REQUIRE_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit few{256, limit.rlim_max};
  REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<sys::Fd> taken;
  for (int fd = dup(before.session->socket()); fd >= 0; fd = dup(before.session->socket()))
    taken.emplace_back(fd);
  REQUIRE(!taken.empty());
  for (int round = 0; round < 3; ++round) {
    // The caller's own socket is the only descriptor that is left.
    taken.pop_back();
    auto socket = sys::connect_to(loop.name());
    REQUIRE(socket.ok());
    CHECK((sys::wait_for(socket.value(), POLLIN, patience()) & POLLHUP) != 0);
    socket.value().reset();
    taken.emplace_back(dup(before.session->socket()));
  }
  taken.clear();
  REQUIRE_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  std::vector<std::byte> answer;
  CHECK(before.call(request_of(kEcho, pattern(10, 1)), answer) == Status::kOk);
  Client after;
  CHECK(after.connect(loop, Generation::k14) == Status::kOk);
}

TEST(an_unfinished_handshake_ends_in_time) {
  ServingLoop loop(serve);
  REQUIRE(loop.start([](server::Options& options) { options.handshake_timeout_ms = 20; }));
  auto socket = sys::connect_to(loop.name());
  REQUIRE(socket.ok());
  CHECK((sys::wait_for(socket.value(), POLLIN, patience()) & POLLHUP) != 0);
}

TEST(a_late_answer_is_dropped_and_the_next_call_gets_its_own) {
  for (const Wire wire : kWires) {
    std::atomic<bool> arrived{false};
    Call waiting;
    ServingLoop loop([&](Server& server, const Call& call, std::vector<std::byte> message) {
      if (call.request.id == kForget) {
        waiting = call;
        arrived = true;
      } else {
        serve(server, call, std::move(message));
      }
    });
    REQUIRE(loop.start());
    Client client;
    REQUIRE(client.connect(loop, wire) == Status::kOk);
    const auto forgotten = request_of(kForget, {});
    const Bytes bytes(forgotten);
    uint64_t token = 0;
    uint64_t other = 0;
    REQUIRE(client.session->send(std::span(&bytes, 1), token) == Status::kOk);
    if (wire.has_value())
      CHECK(client.session->send(std::span(&bytes, 1), other) == Status::kErrBusy);
    uint32_t size = 0;
    CHECK(client.session->await(token, sys::deadline_after_ms(5), size) == Status::kErrTimeout);
    client.session->abandon(token);
    CHECK(eventually([&] { return arrived.load(); }));
    std::thread later([&] {
      usleep(20'000);
      loop.run([&](Server& server) { respond(server, waiting, response_of(kForget, {})); });
    });
    std::vector<std::byte> answer;
    const auto body = pattern(100, 5);
    CHECK(client.call(request_of(kEcho, body), answer) == Status::kOk);
    CHECK(answer == response_of(kEcho, body));
    later.join();
    // The native wire need not wait for it, and meets it on the way to another answer.
    CHECK(client.call(request_of(kEcho, body), answer) == Status::kOk);
    CHECK_EQ(client.session->late_answers(), 1);
  }
}

TEST(a_request_without_a_place_waits_for_it_and_gives_up_in_time) {
  std::atomic<bool> arrived{false};
  Call waiting;
  ServingLoop loop([&](Server& server, const Call& call, std::vector<std::byte> message) {
    if (call.request.id == kForget) {
      waiting = call;
      arrived = true;
    } else {
      serve(server, call, std::move(message));
    }
  });
  REQUIRE(loop.start());
  Client client;
  REQUIRE(client.connect(loop, std::nullopt, 65536, 1) == Status::kOk);
  client::Session& session = *client.session;
  const auto forgotten = request_of(kForget, {});
  const Bytes bytes(forgotten);
  uint64_t token = 0;
  uint64_t other = 0;
  REQUIRE(session.send(std::span(&bytes, 1), token) == Status::kOk);
  CHECK(session.send(std::span(&bytes, 1), other) == Status::kErrBusy);
  CHECK(session.await_room(sys::deadline_after_ms(5)) == Status::kErrTimeout);
  // An answer that somebody waits for makes way, and is kept for him.
  CHECK(eventually([&] { return arrived.load(); }));
  loop.run([&](Server& server) { respond(server, waiting, response_of(kForget, {})); });
  CHECK(session.await_room(patience()) == Status::kOk);
  CHECK(session.send(std::span(&bytes, 1), other) == Status::kOk);
  uint32_t size = 0;
  CHECK(session.await(token, patience(), size) == Status::kOk);
  session.answer_done();
  // So does one that nobody waits for, which is dropped.
  session.abandon(other);
  CHECK(session.await_room(sys::deadline_after_ms(5)) == Status::kErrTimeout);
  loop.run([&](Server& server) { respond(server, waiting, response_of(kForget, {})); });
  CHECK(session.await_room(patience()) == Status::kOk);
  CHECK_EQ(session.late_answers(), 1);
  std::vector<std::byte> answer;
  CHECK(client.call(request_of(kEcho, pattern(100, 5)), answer) == Status::kOk);
}

TEST(answers_that_were_put_aside_come_in_the_order_of_their_requests) {
  ServingLoop loop(serve);
  REQUIRE(loop.start());
  Client client;
  REQUIRE(client.connect(loop, std::nullopt) == Status::kOk);
  client::Session& session = *client.session;
  const auto request = request_of(kEcho, pattern(100, 5));
  const Bytes bytes(request);
  std::vector<uint64_t> tokens(10);
  for (uint64_t& token : tokens) REQUIRE(session.send(std::span(&bytes, 1), token) == Status::kOk);
  std::vector<std::byte> answer;
  REQUIRE(client.call(request, answer) == Status::kOk);
  // One that is given up goes, also while it is the next.
  uint64_t token = 0;
  uint32_t size = 0;
  REQUIRE(session.answer(token, size) == Status::kOk);
  CHECK_EQ(token, tokens[0]);
  session.abandon(tokens[0]);
  CHECK_EQ(session.late_answers(), 1);
  for (size_t i = 1; i < tokens.size(); ++i) {
    REQUIRE(session.answer(token, size) == Status::kOk);
    CHECK_EQ(token, tokens[i]);
    answer.resize(size);
    CHECK_EQ(session.read_answer(answer), size);
    CHECK(answer == response_of(kEcho, pattern(100, 5)));
    session.answer_done();
  }
  CHECK(session.answer(token, size) == Status::kErrTryAgain);
}

TEST(zero_copy_buffers_carry_requests_and_are_looked_up_not_followed) {
  for (const Generation generation : kGenerations) {
    ServingLoop loop(serve);
    REQUIRE(loop.start());
    Client client;
    REQUIRE(client.connect(loop, generation) == Status::kOk);
    client::ZeroCopyBuffer buffer;
    REQUIRE(client.session->zcb_alloc(40000, patience(), buffer).ok());
    const auto body = pattern(30000, 3);
    const auto message = request_of(kEcho, body);
    std::memcpy(buffer.memory.data, message.data(), message.size());
    uint64_t token = 0;
    REQUIRE(client.session->zcb_send(buffer, token) == Status::kOk);
    uint32_t size = 0;
    REQUIRE(client.session->await(token, patience(), size) == Status::kOk);
    const auto expected = response_of(kEcho, body);
    CHECK_EQ(size, expected.size());
    std::vector<std::byte> got(size);
    CHECK_EQ(client.session->read_answer(got), size);
    CHECK(got == expected);
    client.session->answer_done();
    CHECK(client.session->zcb_free(buffer, patience()) == Status::kOk);
    // Freed, and a number that never was: answered with an error, and the server lives.
    for (const uint64_t handle : {buffer.handle, uint64_t{0x4141414141414141}}) {
      buffer.handle = handle;
      REQUIRE(client.session->zcb_send(buffer, token) == Status::kOk);
      REQUIRE(client.session->await(token, patience(), size) == Status::kOk);
      int32_t error = 0;
      CHECK_EQ(client.session->read_answer(got), sizeof(wire::ResponseHeader));
      std::memcpy(&error, got.data() + 16, sizeof error);
      CHECK_EQ(error, static_cast<int>(Status::kErrInvalidParam));
      client.session->answer_done();
    }
    std::vector<std::byte> answer;
    CHECK(client.call(request_of(kEcho, body), answer) == Status::kOk);
  }
}

// The server takes it later, when nobody waits for it any more; as many can be had afterwards as
// ever.
TEST(a_zero_copy_buffer_that_was_given_up_is_given_back) {
  constexpr size_t kBuffers = 16;
  ServingLoop loop(serve);
  REQUIRE(loop.start([](server::Options& options) { options.max_zero_copy_buffers = kBuffers; }));
  Client client;
  REQUIRE(client.connect(loop, std::nullopt) == Status::kOk);
  client::ZeroCopyBuffer buffer;
  std::atomic<bool> held{false};
  std::atomic<bool> over{false};
  std::thread holder([&] {
    loop.run([&](Server&) {
      held = true;
      while (!over) std::this_thread::yield();
    });
  });
  while (!held) std::this_thread::yield();
  for (int round = 0; round < 2; ++round) {
    const sys::Outcome made = client.session->zcb_alloc(4096, sys::now_ns(), buffer);
    CHECK(!made.ok() && made.failure().status == Status::kErrTimeout);
  }
  over = true;
  holder.join();
  for (size_t round = 0; round < kBuffers; ++round) {
    const int64_t until = patience();
    // The last of those that were given up may be on its way back.
    sys::Outcome made = client.session->zcb_alloc(4096, until, buffer);
    while (!made.ok() && made.failure().status == Status::kErrNoResources && sys::now_ns() < until)
      made = client.session->zcb_alloc(4096, until, buffer);
    REQUIRE(made.ok());
  }
}

// What lies in a zero-copy buffer is the client's again with the answer: it may be gone by then,
// and a request of that size is not in the request buffer either.
TEST(a_request_that_was_answered_is_read_no_more) {
  for (const Wire wire : kWires) {
    std::atomic<int> answered{0};
    ServingLoop loop([&](Server& server, const Call& call, std::vector<std::byte> message) {
      respond(server, call, response_of(kEcho, {}));
      uint32_t size = 0;
      wire::SharedView view;
      CHECK(server.read_request(call.connection, message, size) == Status::kErrBadOperation);
      CHECK(server.request_view(call.connection, view, size) == Status::kErrBadOperation);
      ++answered;
    });
    REQUIRE(loop.start());
    Client client;
    REQUIRE(client.connect(loop, wire) == Status::kOk);
    std::vector<std::byte> answer;
    REQUIRE(client.call(request_of(kEcho, {}), answer) == Status::kOk);
    client::ZeroCopyBuffer buffer;
    REQUIRE(client.session->zcb_alloc(1 << 20, patience(), buffer).ok());
    const auto message = request_of(kEcho, pattern(1'000'000, 3));
    std::memcpy(buffer.memory.data, message.data(), message.size());
    uint64_t token = 0;
    uint32_t size = 0;
    REQUIRE(client.session->zcb_send(buffer, token) == Status::kOk);
    REQUIRE(client.session->await(token, patience(), size) == Status::kOk);
    loop.stop();
    CHECK_EQ(answered, 2);
  }
}

TEST(a_request_with_a_size_out_of_bounds_ends_its_connection_only) {
  for (const Generation generation : kGenerations) {
    ServingLoop loop(serve);
    REQUIRE(loop.start());
    Client honest;
    REQUIRE(honest.connect(loop, generation) == Status::kOk);
    for (const int32_t size : {0, 15, -1, 65537, std::numeric_limits<int32_t>::max(),
                               std::numeric_limits<int32_t>::min()}) {
      Client liar;
      REQUIRE(liar.connect(loop, generation) == Status::kOk);
      auto message = request_of(kEcho, {});
      std::memcpy(message.data(), &size, sizeof size);
      std::vector<std::byte> answer;
      const Status status = liar.call(message, answer);
      if (status == Status::kOk) CHECK_EQ(answer.size(), sizeof(wire::ResponseHeader));
      CHECK((sys::wait_for(sys::Fd(dup(liar.session->socket())), POLLIN, patience()) & POLLHUP) !=
            0);
    }
    std::vector<std::byte> answer;
    CHECK(honest.call(request_of(kEcho, {}), answer) == Status::kOk);
    // Ids outside 0 to 65535 are answered, not punished.
    for (const int32_t id : {-4, 65536, std::numeric_limits<int32_t>::max()}) {
      REQUIRE(honest.call(request_of(id, {}), answer) == Status::kOk);
      int32_t error = 0;
      std::memcpy(&error, answer.data() + 16, sizeof error);
      CHECK_EQ(error, static_cast<int>(Status::kErrInvalidParam));
    }
  }
}

}  // namespace
}  // namespace coroipc::test
