// The judge is the server: clients die, or are stopped, before its eyes, while another client is
// served.
#include <signal.h>
#include <unistd.h>

#include "sys/clock.h"
#include "test/death/holdings.h"
#include "test/death/judge_sides.h"
#include "test/death/player.h"
#include "test/death/service.h"
#include "test/death/subject.h"

namespace coroipc::death {

namespace {

class ClientJudge {
 public:
  ClientJudge(const Cell& cell, Findings& findings)
      : cell_(cell), findings_(findings), loop_(serve), other_(server_name(), cell.over()) {}

  [[nodiscard]] bool start() {
    const bool serving = loop_.start([&](server::Options& options) {
      options.name = server_name();
      options.spin_us = 0;
    });
    if (!serving || other_.connect() != Status::kOk || other_.echo(0) != Status::kOk) return false;
    // What is made once, is made.
    Player first(server_name(), cell_.over());
    if (first.connect() != Status::kOk || first.echo(0) != Status::kOk) return false;
    first.disconnect();
    if (!test::eventually([&] { return loop_.heard().released == 1; })) return false;
    clean_ = settled_holdings();
    return true;
  }

  // Whether the client was killed, or stopped; false: it took all its steps.
  bool once(uint32_t at, int signal) {
    connected_before_ = loop_.heard().connected;
    disconnected_before_ = loop_.heard().disconnected;
    bool signalled = false;
    {
      Subject client({cell_, server_name(), at, signal});
      std::optional<End> end = client.wait_for_end();
      if (client.stopped()) {
        end = outlive_stop(client, at);
        signalled = true;
      }
      if (!findings_.expect(end.has_value(), at, "the client did not end")) return false;
      if (end->killed) outlive_death(*client.page(), at);
      signalled = signalled || end->killed;
      findings_.expect(end->killed || end->code == 0, at,
                       "the client ended with code " + std::to_string(end->code));
      findings_.steps = std::max<uint32_t>(findings_.steps, client.page()->steps);
    }
    if (signalled) ++findings_.signals;
    serve_the_next(at);
    look_around(at);
    return signalled;
  }

 private:
  [[nodiscard]] int connected() const { return loop_.heard().connected - connected_before_; }
  [[nodiscard]] int disconnected() const {
    return loop_.heard().disconnected - disconnected_before_;
  }

  // Its server hears of it. One that died in its handshake may have had no connection.
  void outlive_death(const Page& page, uint32_t at) {
    if (cell_.what() == Scenario::kConnect) return;
    const bool heard = test::eventually([&] { return disconnected() == connected(); });
    const double after_ms = static_cast<double>(sys::now_ns() - page.ended_at_ns) / 1e6;
    findings_.expect(heard, at, "the disconnect function of a dead client did not run");
    findings_.latencies_ms.push_back(after_ms);
  }

  std::optional<End> outlive_stop(Subject& client, uint32_t at) {
    for (uint32_t seed = 0; seed < 3; ++seed)
      findings_.expect(other_.echo(seed) == Status::kOk, at, "a stopped client held up another");
    client.go_on();
    for (std::optional<End> end; !end.has_value(); usleep(50)) {
      end = client.ended();
      if (end.has_value()) return end;
      if (sys::now_ns() - client.page()->ended_at_ns > 20'000'000'000) break;
    }
    return std::nullopt;
  }

  void serve_the_next(uint32_t at) {
    Player next(server_name(), cell_.over());
    const Status connected = next.connect();
    const Status called = connected == Status::kOk ? next.echo(at) : connected;
    findings_.expect(called == Status::kOk, at,
                     "the next connect and call gave " + std::to_string(int(called)));
    findings_.expect(other_.echo(at) == Status::kOk, at, "another client was not served on");
    findings_.expect(!next.deceived() && !other_.deceived(), at, "a client got a wrong answer");
  }

  // Whatever came to the server before the next client's connect, has been seen by now.
  void look_around(uint32_t at) {
    const bool once_each = test::eventually([&] { return disconnected() == connected(); });
    findings_.expect(once_each, at,
                     std::to_string(connected()) + " connect functions ran, and " +
                         std::to_string(disconnected()) + " disconnect functions");
    const bool clean = test::eventually([&] { return holdings() == clean_; });
    findings_.expect(clean, at, "held: " + holdings().text() + "; before: " + clean_.text());
    for (const std::string& name : names_.left()) findings_.fail(at, "/dev/shm/" + name + " stays");
  }

  const Cell cell_;
  Findings& findings_;
  test::ServingLoop loop_;
  Player other_;
  Holdings clean_;
  SharedNames names_;
  int connected_before_ = 0;
  int disconnected_before_ = 0;
};

}  // namespace

void judge_clients(const Cell& cell, const Steps& steps, int signal, Findings& findings) {
  ClientJudge judge(cell, findings);
  if (!findings.expect(judge.start(), 0, "the server did not start")) return;
  for (uint32_t at = steps.first; judge.once(at, signal) || at < steps.last; at += steps.stride)
    if (findings.failures.size() >= kMostFailures) return;
}

}  // namespace coroipc::death
