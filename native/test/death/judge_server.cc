// The judge is the client: servers die, or are stopped, before its eyes.
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "sys/clock.h"
#include "test/death/holdings.h"
#include "test/death/judge_sides.h"
#include "test/death/player.h"
#include "test/death/subject.h"
#include "test/serving_loop.h"

namespace coroipc::death {

namespace {

constexpr double kSliceMs = 10;        // of a client's wait, while its server may be stopped
constexpr int kStoppedForUs = 25'000;  // so that at least one of those passes
constexpr int64_t kRestPatienceNs = 20'000'000'000;

// What the client of a server that died may hear.
bool is_end(Status status) {
  return status == Status::kErrLibrary || status == Status::kErrInShutdown ||
         status == Status::kErrTryAgain;
}

// Waits until the server has done all that it was asked for and waits for more. False: it ended.
bool comes_to_rest(Subject& server) {
  uint32_t steps = 0;
  for (const int64_t end = sys::now_ns() + kRestPatienceNs; sys::now_ns() < end; usleep(300)) {
    if (server.ended().has_value()) return false;
    const uint32_t now = server.page()->steps;
    if (server.page()->resting != 0 && now == steps) return true;
    steps = now;
  }
  return true;
}

// Wakes a server that stopped itself, after a while.
class Waker {
 public:
  explicit Waker(Subject& server)
      : server_(server), thread_([this] {
          while (!over_) {
            if (server_.page()->ended_at_ns != 0) {
              usleep(kStoppedForUs);
              server_.go_on();
              return;
            }
            usleep(100);
          }
        }) {}
  ~Waker() {
    over_ = true;
    thread_.join();
  }

 private:
  Subject& server_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

class ServerJudge {
 public:
  ServerJudge(const Cell& cell, Findings& findings)
      : cell_(cell), findings_(findings), name_(server_name()), clean_(settled_holdings()) {}

  // Whether the server was dead, or stopped, by the end; false: it took all its steps.
  bool once(uint32_t at, int signal) {
    bool signalled = false;
    {
      Subject server({cell_, name_, at, signal});
      Player player(name_, cell_.over());
      if (!prepare(server, player, at)) return false;
      server.page()->armed = 1;
      signalled =
          signal == SIGSTOP ? outlive_stop(server, player, at) : outlive_death(server, player, at);
      findings_.steps = std::max<uint32_t>(findings_.steps, server.page()->steps);
    }
    if (signalled) ++findings_.signals;
    look_around(at);
    return signalled;
  }

 private:
  // The next connect and call: a server with the dead one's name serves a client at once.
  bool prepare(Subject& server, Player& player, uint32_t at) {
    if (!findings_.expect(server.ready(), at, "the next server did not start")) return false;
    const Status connected = player.connect();
    const Status called = connected == Status::kOk ? player.echo(at) : connected;
    if (!findings_.expect(called == Status::kOk && !player.deceived(), at,
                          "the next connect and call gave " + std::to_string(int(called))))
      return false;
    if (cell_.what() == Scenario::kConnect) player.disconnect();
    return findings_.expect(comes_to_rest(server), at, "the next server ended by itself");
  }

  bool outlive_death(Subject& server, Player& player, uint32_t at) {
    Status status = player.play(cell_.what());
    const int64_t heard_at = sys::now_ns();
    findings_.expect(!player.deceived(), at, "the client got what nobody sent");
    if (status == Status::kOk && comes_to_rest(server)) return false;
    const std::optional<End> end = server.wait_for_end();
    if (!findings_.expect(end.has_value() && end->killed, at, "the server ended otherwise"))
      return true;
    const int64_t died_at = server.page()->ended_at_ns;
    if (heard_at >= died_at && (status != Status::kOk || cell_.what() == Scenario::kDisconnect)) {
      findings_.latencies_ms.push_back(static_cast<double>(heard_at - died_at) / 1e6);
    }
    // Who heard nothing of it, hears it at the next call; who did, hears it again.
    const bool over = status != Status::kOk;
    if (over)
      findings_.expect(is_end(status), at, "a call ended with " + std::to_string(int(status)));
    if (cell_.what() != Scenario::kConnect || !over) {
      status = player.echo(1);
      findings_.expect(is_end(status), at, "the next call gave " + std::to_string(int(status)));
    }
    return true;
  }

  bool outlive_stop(Subject& server, Player& player, uint32_t at) {
    Waker waker(server);
    player.set_slice_ms(kSliceMs);
    const Status status = player.play(cell_.what());
    findings_.expect(status == Status::kOk && !player.deceived(), at,
                     "a stopped server's client got " + std::to_string(int(status)));
    findings_.timeouts += static_cast<uint32_t>(player.timeouts());
    (void)comes_to_rest(server);
    const bool was_stopped = server.page()->ended_at_ns != 0;
    if (was_stopped && cell_.what() != Scenario::kDisconnect)
      findings_.expect(player.echo(1) == Status::kOk, at, "a server did not go on");
    return was_stopped;
  }

  void look_around(uint32_t at) {
    // The system shows a thread that was joined for a moment longer.
    const bool clean = test::eventually([&] { return holdings() == clean_; });
    findings_.expect(clean, at, "held: " + holdings().text() + "; before: " + clean_.text());
    for (const std::string& name : names_.left()) findings_.fail(at, "/dev/shm/" + name + " stays");
  }

  const Cell cell_;
  Findings& findings_;
  const std::string name_;
  const Holdings clean_;
  SharedNames names_;
};

}  // namespace

void judge_servers(const Cell& cell, const Steps& steps, int signal, Findings& findings) {
  ServerJudge judge(cell, findings);
  for (uint32_t at = steps.first; judge.once(at, signal) || at < steps.last; at += steps.stride)
    if (findings.failures.size() >= kMostFailures) return;
}

}  // namespace coroipc::death
