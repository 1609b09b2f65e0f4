#include "test/death/flood.h"

#include <signal.h>
#include <unistd.h>

#include <cstring>

#include "sys/clock.h"
#include "test/death/holdings.h"
#include "test/death/judge.h"
#include "test/death/service.h"

namespace coroipc::death {

namespace {

using server::Counter;
using server::Overflow;

constexpr int32_t kLast = 60'000;      // the command id of the last message; others count from 0
constexpr size_t kMessageBytes = 200;  // of a message of the flood
constexpr size_t kQueueBytes = 2000;   // behind the ring
constexpr uint32_t kFlood = 60;        // messages: more than ring and queue hold together
constexpr uint32_t kTrickle = 200;     // messages until the client has to have stopped
constexpr int64_t kGoneOnNs = 20'000'000'000;

class Flood {
 public:
  Flood(Overflow overflow, const Cell& cell, Findings& findings)
      : overflow_(overflow),
        cell_(cell),
        findings_(findings),
        loop_(serve),
        other_(server_name(), cell.over()) {}

  [[nodiscard]] bool start() {
    loop_.on_connect = [this](server::Server&, server::ConnectionId id) { connection_ = id; };
    return loop_.start([](server::Options& options) {
      options.name = server_name();
      options.spin_us = 0;
      options.max_queue_bytes = kQueueBytes;
    }) && other_.connect() == Status::kOk;
  }

  // Whether the client came to step `at`.
  bool once(uint32_t at) {
    sent_ = accepted_ = 0;
    dropped_ = 0;
    const int drained_before = loop_.heard().drained;
    const int disconnected_before = loop_.heard().disconnected;
    Subject client({cell_, server_name(), at, SIGSTOP, true});
    if (!findings_.expect(client.ready(), at, "the client did not connect")) return false;
    loop_.run([&](server::Server& server) {
      (void)server.set_overflow(connection_, overflow_, std::nullopt);
    });
    const bool stopped = trickle(client, at);
    if (stopped) {
      ++findings_.signals;
      flood(at);
      findings_.expect(other_.echo(at) == Status::kOk, at, "a stopped client held up another");
      client.go_on();
      findings_.expect(ends(drained_before), at, "the server was not told to go on");
    }
    findings_.expect(say_last() || overflow_ == Overflow::kDisconnect, at, "no room came");
    const std::optional<End> end = end_of(client);
    findings_.expect(end.has_value() && end->code == 0 && !end->killed, at,
                     "the client did not read to the end");
    check(*client.page(), at, stopped);
    findings_.expect(
        test::eventually([&] { return loop_.heard().disconnected == disconnected_before + 1; }), at,
        "the disconnect function did not run once");
    return stopped;
  }

 private:
  Status send(int32_t id) {
    const auto message = response_of(
        id, pattern(kMessageBytes - sizeof(wire::ResponseHeader), static_cast<uint32_t>(id)));
    const wire::Bytes bytes(message);
    Status status = Status::kOk;
    loop_.run([&](server::Server& server) {
      bool queued = false;
      status = server.dispatch(connection_, std::span(&bytes, 1), queued);
      const server::Connection* connection = server.find(connection_);
      if (connection != nullptr)
        dropped_ = connection->counters[static_cast<size_t>(Counter::kDropped)];
    });
    if (status == Status::kOk && id != kLast) ++accepted_;
    return status;
  }

  // One message after the other, each once the one before was read, until the client stops.
  bool trickle(Subject& client, uint32_t at) {
    for (uint32_t i = 0; i < kTrickle; ++i) {
      findings_.expect(send(static_cast<int32_t>(sent_++)) == Status::kOk, at, "no room for one");
      for (const int64_t end = sys::now_ns() + kGoneOnNs;
           client.page()->taken < sent_ && sys::now_ns() < end; usleep(50))
        if (client.page()->ended_at_ns != 0) return true;
    }
    return false;
  }

  void flood(uint32_t at) {
    Status last = Status::kOk;
    for (uint32_t i = 0; i < kFlood && last == Status::kOk; ++i) {
      last = send(static_cast<int32_t>(sent_));
      if (last == Status::kOk) ++sent_;
    }
    const Status due = overflow_ == Overflow::kDropOldest   ? Status::kOk
                       : overflow_ == Overflow::kDisconnect ? Status::kErrLibrary
                                                            : Status::kErrTryAgain;
    findings_.expect(last == due, at, "the last message gave " + std::to_string(int(last)));
    findings_.expect((dropped_ > 0) == (overflow_ == Overflow::kDropOldest), at,
                     std::to_string(dropped_) + " messages were dropped");
  }

  [[nodiscard]] bool ends(int drained_before) {
    return overflow_ == Overflow::kDisconnect ||
           test::eventually([&] { return loop_.heard().drained == drained_before + 1; });
  }

  [[nodiscard]] bool say_last() {
    return overflow_ != Overflow::kDisconnect &&
           test::eventually([&] { return send(kLast) == Status::kOk; });
  }

  [[nodiscard]] static std::optional<End> end_of(Subject& client) {
    for (const int64_t end = sys::now_ns() + kGoneOnNs; sys::now_ns() < end; usleep(50))
      if (const std::optional<End> found = client.ended(); found.has_value()) return found;
    return std::nullopt;
  }

  void check(const Page& page, uint32_t at, bool stopped) {
    const uint32_t taken = page.taken;
    const uint32_t skipped = page.skipped;
    const std::string count = std::to_string(taken) + " taken and " + std::to_string(skipped) +
                              " skipped of " + std::to_string(accepted_) + ", " +
                              std::to_string(dropped_) + " dropped";
    // What the ring held is read, also after the end; what waited behind it went with it.
    const bool cut_off = overflow_ == Overflow::kDisconnect && stopped;
    findings_.expect(skipped == dropped_ && (cut_off || taken + skipped == accepted_), at, count);
  }

  const Overflow overflow_;
  const Cell cell_;
  Findings& findings_;
  test::ServingLoop loop_;
  Player other_;
  std::atomic<server::ConnectionId> connection_{0};
  uint32_t sent_ = 0;
  uint32_t accepted_ = 0;
  uint64_t dropped_ = 0;
};

}  // namespace

bool read_flood(Player& player, const Plan&, Page* page) {
  if (player.connect() != Status::kOk) return false;
  page->armed = 1;
  page->ready = 1;
  for (int32_t due = 0;;) {
    uint32_t size = 0;
    const Status status = player.next(size);
    // The end without the last message is what Overflow::kDisconnect makes of it.
    if (status != Status::kOk)
      return status == Status::kErrLibrary || status == Status::kErrInShutdown;
    std::vector<std::byte> message(size);
    wire::ResponseHeader header{};
    if (player.session().read_message(message) != size || size < sizeof header) return false;
    std::memcpy(&header, message.data(), sizeof header);
    const auto body = pattern(size - sizeof header, static_cast<uint32_t>(header.id));
    if (!std::equal(body.begin(), body.end(), message.begin() + sizeof header)) return false;
    if (!player.session().put()) return false;
    player.session().settle();
    if (header.id == kLast) return true;
    if (header.id < due) return false;
    page->skipped += static_cast<uint32_t>(header.id - due);
    page->taken += 1;
    due = header.id + 1;
  }
}

void judge_flood(Overflow overflow, const Cell& cell, uint32_t stride, Findings& findings) {
  Flood flood(overflow, cell, findings);
  if (!findings.expect(flood.start(), 0, "the server did not start")) return;
  // A client that reads on has no last step: so many are enough.
  constexpr uint32_t kSteps = 40;
  for (uint32_t at = 1; at <= kSteps && flood.once(at); at += stride)
    if (findings.failures.size() >= kMostFailures) return;
}

}  // namespace coroipc::death
