// A server on a thread of its own with a loop over poll(2), for tests that play the client.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "server/server.h"

namespace coroipc::test {

// What the host was told; read it after the loop has ended, or by `when`.
struct Heard {
  std::atomic<int> connected{0};
  std::atomic<int> disconnected{0};
  std::atomic<int> released{0};
  std::atomic<int> requests{0};
  std::atomic<int> drained{0};
  std::atomic<int> warnings{0};
  std::array<std::atomic<int>, 4> turned_away{};  // by TurnedAway
  std::atomic<int> turns{0};                      // of the loop: an idle one takes none
};

class ServingLoop final : public server::Host {
 public:
  using OnRequest =
      std::function<void(server::Server&, const server::Call&, std::vector<std::byte> message)>;

  explicit ServingLoop(OnRequest on_request);
  ~ServingLoop() override;

  // Listens on a name of its own and starts the thread. False: it could not.
  [[nodiscard]] bool start(const std::function<void(server::Options&)>& change = {});
  [[nodiscard]] const std::string& name() const { return options_.name; }
  [[nodiscard]] const Heard& heard() const { return heard_; }
  // Runs `job` on the loop's thread, in its next turn, and waits for it.
  void run(const std::function<void(server::Server&)>& job);
  // Ends the server and the thread; a second call does nothing.
  void stop();

  std::atomic<Status> admission{Status::kOk};
  std::atomic<Status> connect_outcome{Status::kOk};
  std::function<void(server::Server&, server::ConnectionId)> on_connect;  // set before start
  // Set before start, with Options::count_changes.
  std::function<void(server::Server&, server::ConnectionId, server::Counter)> on_counted;
  std::atomic<int> busy_exits{0};  // how often a disconnect function still says that it is busy

  void poll_add(int fd, server::SourceKey key) override;
  void poll_modify(int fd, server::SourceKey key, short events) override;
  void poll_remove(int fd, server::SourceKey key) override;
  bool poll_job() override { return false; }
  Status admit(const server::Peer& peer) override;
  Status connected(server::ConnectionId connection) override;
  bool disconnected(server::ConnectionId connection) override;
  void released(server::ConnectionId) override { ++heard_.released; }
  void counted(server::ConnectionId connection, server::Counter counter, uint64_t) override {
    if (on_counted) on_counted(*server_, connection, counter);
  }
  void drained(server::ConnectionId) override { ++heard_.drained; }
  void buffer_answered(server::ConnectionId) override {}
  void turned_away(server::TurnedAway why) override {
    ++heard_.turned_away[static_cast<size_t>(why)];
  }
  void log(server::LogLevel level, const std::string&) override {
    if (level == server::LogLevel::kWarning) ++heard_.warnings;
  }
  void closed() override { closed_ = true; }

 private:
  struct Watched {
    int fd;
    short events;
  };
  void loop();
  void serve();

  OnRequest on_request_;
  server::Options options_;
  sys::SemaphoreWatch watch_;
  std::unique_ptr<server::Server> server_;
  std::map<server::SourceKey, Watched> watched_;
  Heard heard_;
  bool closed_ = false;
  std::thread thread_;
  std::optional<sys::Bell> wake_;
  std::mutex mutex_;
  std::function<void()> job_;
};

// Waits until the condition holds; false after a generous time.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

}  // namespace coroipc::test
