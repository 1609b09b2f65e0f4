// A live server in the fuzzer's own thread, with a loop over poll(2) that is turned by hand, so
// that the same script always plays the same way. What its host does with a request is the script's
// to say.
#pragma once

#include <poll.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fuzz/input.h"
#include "server/server.h"

namespace coroipc::fuzz {

// What the host does with a request.
struct Manner {
  bool answers = true;        // at once; else later, with `answer_all`
  bool reads_late = false;    // only after it has answered and turned the loop
  bool turns_inside = false;  // turns the loop while it serves
  bool ends = false;          // ends the connection before it answers
  uint16_t answer_bytes = 24;
};

class Serving final : public server::Host {
 public:
  explicit Serving(const std::string& name);

  [[nodiscard]] const std::string& name() const { return options_.name; }
  [[nodiscard]] server::Server& server() { return *server_; }
  // Turns the loop until nothing is ready, at the most so often; whether it came to rest. The first
  // turn waits so long for something, where a thread has to ring the bell first.
  bool turn(int most = 64, int wait_ms = 0);
  // Connections that were admitted and are not released; those that became active.
  [[nodiscard]] const std::set<server::ConnectionId>& known() const { return known_; }
  [[nodiscard]] const std::set<server::ConnectionId>& active() const { return active_; }
  // All watched descriptors beside the server's own three.
  [[nodiscard]] size_t connections() const { return watched_.size() - 3; }
  void answer_all(uint16_t bytes);
  // Forgets what was to be answered, and serves plainly again.
  void reset();

  Manner manner;
  Status admission = Status::kOk;
  Status connect_outcome = Status::kOk;
  uint16_t greeting_bytes = 0;  // of a message that the connect function sends

  void poll_add(int fd, server::SourceKey key) override { watched_[key] = {fd, POLLIN}; }
  void poll_modify(int fd, server::SourceKey key, short events) override {
    watched_[key] = {fd, events};
  }
  void poll_remove(int, server::SourceKey key) override { watched_.erase(key); }
  bool poll_job() override { return true; }
  Status admit(const server::Peer& peer) override;
  Status connected(server::ConnectionId connection) override;
  bool disconnected(server::ConnectionId connection) override;
  void released(server::ConnectionId connection) override;
  void counted(server::ConnectionId, server::Counter, uint64_t) override {}
  void drained(server::ConnectionId) override {}
  void buffer_answered(server::ConnectionId) override {}
  void turned_away(server::TurnedAway) override {}
  void log(server::LogLevel, const std::string&) override {}
  void closed() override {}

 private:
  struct Watched {
    int fd;
    short events;
  };
  bool turn_once(int wait_ms = 0);
  void serve(const server::Call& call);
  void read(const server::Call& call);

  server::Options options_;
  sys::SemaphoreWatch watch_;
  std::map<server::SourceKey, Watched> watched_;
  std::set<server::ConnectionId> known_;
  std::set<server::ConnectionId> active_;
  std::vector<server::Call> unanswered_;
  bool serving_ = false;
  std::unique_ptr<server::Server> server_;
};

// Whether an honest client of that wire (12, 14, or 0 for the native one) connects, calls and is
// answered.
[[nodiscard]] bool serves_honest_client(Serving& serving, int generation);

}  // namespace coroipc::fuzz
