// The libqb clients of the caller's process: one that calls, or many that get events.
#pragma once

#include <qb/qbipcc.h>
#include <sys/epoll.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "../shared/ask.h"
#include "../shared/stream.h"
#include "wire.h"

namespace libqb {

inline constexpr int32_t kForEver = -1;

class Client {
 public:
  Client(const std::string& name, const bench::Options& options)
      : connection_(qb_ipcc_connect(name.c_str(), message_limit(options))),
        request_(sizeof(RequestHeader) + options.payload, bench::kFill),
        answer_(message_limit(options)) {
    header() = {kEcho, static_cast<int32_t>(request_.size())};
  }
  ~Client() {
    if (connection_ != nullptr) qb_ipcc_disconnect(connection_);
  }
  Client(Client&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)),
        request_(std::move(other.request_)),
        answer_(std::move(other.answer_)) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client& operator=(Client&&) = delete;

  [[nodiscard]] bool connected() const { return connection_ != nullptr; }

  [[nodiscard]] bool call() {
    const iovec part{request_.data(), request_.size()};
    const ssize_t size =
        qb_ipcc_sendv_recv(connection_, &part, 1, answer_.data(), answer_.size(), kForEver);
    return is_answer(size);
  }

  [[nodiscard]] bench::Answer take() {
    if (early_ > 0) return early_ -= 1, bench::Answer::kTaken;
    const ssize_t size = qb_ipcc_recv(connection_, answer_.data(), answer_.size(), 0);
    if (is_answer(size)) return bench::Answer::kTaken;
    const bool none = size == -EAGAIN || size == -ETIMEDOUT;
    return none ? bench::Answer::kNone : bench::Answer::kWrong;
  }

  // Where there is no room for a request, answers are taken first: the server may wait for that.
  [[nodiscard]] bool send() {
    for (;;) {
      const ssize_t size = qb_ipcc_send(connection_, request_.data(), request_.size());
      if (size == static_cast<ssize_t>(request_.size())) return true;
      if (size != -EAGAIN) return false;
      const ssize_t early = qb_ipcc_recv(connection_, answer_.data(), answer_.size(), 0);
      if (is_answer(early)) {
        early_ += 1;
      } else if (early != -EAGAIN && early != -ETIMEDOUT) {
        return false;
      }
    }
  }

  [[nodiscard]] bool receive() {
    if (early_ > 0) return early_ -= 1, true;
    return is_answer(qb_ipcc_recv(connection_, answer_.data(), answer_.size(), kForEver));
  }

  [[nodiscard]] bool subscribe() {
    header().id = kSubscribe;
    return send();
  }

  [[nodiscard]] int descriptor() const {
    int32_t fd = -1;
    return qb_ipcc_fd_get(connection_, &fd) == 0 ? fd : -1;
  }

  // The events that are there, waiting so long for the first; below 0 is a failure.
  [[nodiscard]] int64_t take_events(int32_t timeout_ms) {
    constexpr int64_t kTurn = 64;
    for (int64_t count = 0; count < kTurn; ++count) {
      const ssize_t size = qb_ipcc_event_recv(connection_, answer_.data(), answer_.size(),
                                              count == 0 ? timeout_ms : 0);
      if (size == -EAGAIN || size == -ETIMEDOUT) return count;
      if (size <= static_cast<ssize_t>(sizeof(ResponseHeader))) return -1;
      const size_t bytes = static_cast<size_t>(size) - sizeof(ResponseHeader);
      if (!arrivals_.take(answer_.data() + sizeof(ResponseHeader), bytes)) return -1;
    }
    return kTurn;
  }

 private:
  RequestHeader& header() { return *reinterpret_cast<RequestHeader*>(request_.data()); }

  [[nodiscard]] bool is_answer(ssize_t size) const {
    const size_t payload = request_.size() - sizeof(RequestHeader);
    return size == static_cast<ssize_t>(sizeof(ResponseHeader) + payload) &&
           answer_[static_cast<size_t>(size) - 1] == bench::kFill;
  }

  qb_ipcc_connection_t* connection_;
  std::vector<char> request_;
  std::vector<char> answer_;
  int early_ = 0;
  bench::Arrivals arrivals_;
};

// One epoll set over all of them, as libqb gives each a descriptor for that.
class Subscribers {
 public:
  [[nodiscard]] bool open(const std::string& name, const bench::Options& options) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    for (int index = 0; index < options.subscribers; ++index) {
      clients_.emplace_back(name, options);
      if (!clients_.back().connected()) return false;
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u32 = static_cast<uint32_t>(index);
      const int fd = clients_.back().descriptor();
      if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return false;
    }
    for (Client& client : clients_) {
      if (!client.subscribe()) return false;
    }
    return true;
  }

  [[nodiscard]] int64_t take_events() {
    if (clients_.size() == 1) return clients_[0].take_events(kForEver);
    epoll_event ready[128];
    const int count = epoll_wait(epoll_, ready, 128, -1);
    int64_t sum = 0;
    for (int index = 0; index < count; ++index) {
      const int64_t some = clients_[ready[index].data.u32].take_events(0);
      if (some < 0) return some;
      sum += some;
    }
    return sum;
  }

 private:
  int epoll_ = -1;
  std::vector<Client> clients_;
};

}  // namespace libqb
