#include "test/serving_loop.h"

#include <poll.h>
#include <unistd.h>

#include <condition_variable>

#include "sys/clock.h"

namespace coroipc::test {

namespace {

std::atomic<int> names{0};
constexpr int64_t kPatienceNs = 20'000'000'000;

}  // namespace

bool eventually(const std::function<bool()>& condition) {
  for (const int64_t end = sys::now_ns() + kPatienceNs; sys::now_ns() < end; usleep(200))
    if (condition()) return true;
  return condition();
}

ServingLoop::ServingLoop(OnRequest on_request) : on_request_(std::move(on_request)) {
  options_.name = "coroipc-native-test-" + std::to_string(getpid()) + "-" + std::to_string(++names);
  options_.handshake_timeout_ms = 20'000;
  options_.max_connections = 1000;
  options_.max_handshakes = 1000;
  options_.max_buffer_bytes = 1 << 26;
  options_.max_queue_bytes = 1 << 26;
  options_.max_zero_copy_buffers = 4;
  options_.requests_per_turn = 64;
  options_.spin_us = 20;
  options_.max_in_flight = 64;
  options_.classic = true;
}

ServingLoop::~ServingLoop() { stop(); }

bool ServingLoop::start(const std::function<void(server::Options&)>& change) {
  if (change) change(options_);
  auto wake = sys::Bell::make();
  if (!wake.ok()) return false;
  wake_.emplace(std::move(wake.value()));
  auto opened = server::Server::open(options_, *this, watch_);
  if (!opened.ok()) return false;
  server_ = std::move(opened.value());
  thread_ = std::thread([this] { loop(); });
  return true;
}

void ServingLoop::run(const std::function<void(server::Server&)>& job) {
  std::condition_variable done;
  bool ran = false;
  std::unique_lock lock(mutex_);
  job_ = [&] {
    job(*server_);
    ran = true;
    done.notify_all();
  };
  wake_->ring();
  done.wait(lock, [&] { return ran; });
}

void ServingLoop::stop() {
  if (!thread_.joinable()) return;
  run([](server::Server& server) { server.close(); });
  thread_.join();
  server_.reset();
}

void ServingLoop::loop() {
  while (!closed_) {
    std::vector<pollfd> entries{{wake_->fd(), POLLIN, 0}};
    std::vector<server::SourceKey> keys{0};
    for (const auto& [key, watched] : watched_) {
      entries.push_back({watched.fd, watched.events, 0});
      keys.push_back(key);
    }
    poll(entries.data(), entries.size(), -1);
    ++heard_.turns;
    for (size_t i = 1; i < entries.size(); ++i)
      if (entries[i].revents != 0 && watched_.contains(keys[i]))
        (void)server_->on_ready(keys[i], entries[i].revents);
    if (server_->wants_turn()) serve();
    if (entries[0].revents == 0) continue;
    wake_->silence();
    const std::lock_guard lock(mutex_);
    if (job_) std::exchange(job_, {})();
  }
}

void ServingLoop::poll_add(int fd, server::SourceKey key) { watched_[key] = {fd, POLLIN}; }

void ServingLoop::poll_modify(int, server::SourceKey key, short events) {
  watched_.at(key).events = events;
}

void ServingLoop::poll_remove(int, server::SourceKey key) { watched_.erase(key); }

Status ServingLoop::admit(const server::Peer&) { return admission; }

Status ServingLoop::connected(server::ConnectionId connection) {
  ++heard_.connected;
  if (on_connect) on_connect(*server_, connection);
  return connect_outcome;
}

void ServingLoop::serve() {
  server::Call call;
  while (server_->next_request(call)) {
    ++heard_.requests;
    std::vector<std::byte> message(call.request.size);
    uint32_t read = 0;
    if (server_->read_request(call.connection, message, read) == Status::kOk)
      on_request_(*server_, call, std::move(message));
  }
}

bool ServingLoop::disconnected(server::ConnectionId) {
  if (busy_exits > 0) {
    --busy_exits;
    return false;
  }
  ++heard_.disconnected;
  return true;
}

}  // namespace coroipc::test
