// The ZeroMQ caller, or subscribers: one socket each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../shared/ask.h"
#include "../shared/stream.h"
#include "endpoint.h"

namespace zmq_c {

class Client {
 public:
  Client(void* context, const bench::Options& options)
      : socket_(context, bench::is_call(options) ? ZMQ_REQ : ZMQ_DEALER),
        request_(options.payload, bench::kFill) {}

  [[nodiscard]] bool connect(const std::string& endpoint) { return socket_.connect(endpoint); }

  [[nodiscard]] bool send() { return socket_.send(request_.data(), request_.size()); }

  [[nodiscard]] bool receive() { return answer_.receive(socket_) && is_right(); }

  [[nodiscard]] bool call() { return send() && receive(); }

  [[nodiscard]] bench::Answer take() {
    if (answer_.receive(socket_, ZMQ_DONTWAIT)) {
      return is_right() ? bench::Answer::kTaken : bench::Answer::kWrong;
    }
    return errno == EAGAIN ? bench::Answer::kNone : bench::Answer::kWrong;
  }

 private:
  [[nodiscard]] bool is_right() {
    return answer_.size() == request_.size() && answer_.bytes()[answer_.size() - 1] == bench::kFill;
  }

  Socket socket_;
  std::vector<char> request_;
  Message answer_;
};

class Subscriber {
 public:
  Subscriber(void* context, int type) : socket_(context, type) {
    if (type == ZMQ_SUB) zmq_setsockopt(socket_.get(), ZMQ_SUBSCRIBE, "", 0);
  }

  [[nodiscard]] bool connect(const std::string& endpoint) { return socket_.connect(endpoint); }
  [[nodiscard]] void* get() const { return socket_.get(); }

  // The messages that are there; with flags 0, having waited for the first. Below 0 is a failure.
  [[nodiscard]] int64_t take(int flags) {
    constexpr int64_t kTurn = 64;
    for (int64_t count = 0; count < kTurn; ++count) {
      if (!message_.receive(socket_, count == 0 ? flags : ZMQ_DONTWAIT)) {
        return errno == EAGAIN ? count : -1;
      }
      if (!arrivals_.take(message_.bytes(), message_.size())) return -1;
    }
    return kTurn;
  }

 private:
  Socket socket_;
  Message message_;
  bench::Arrivals arrivals_;
};

class Subscribers {
 public:
  [[nodiscard]] bool open(void* context, const std::string& endpoint,
                          const bench::Options& options) {
    const int type = options.measure == "fanOut" ? ZMQ_SUB : ZMQ_PULL;
    for (int index = 0; index < options.subscribers; ++index) {
      all_.push_back(std::make_unique<Subscriber>(context, type));
      if (!all_.back()->connect(endpoint)) return false;
      items_.push_back({all_.back()->get(), 0, ZMQ_POLLIN, 0});
    }
    return true;
  }

  [[nodiscard]] int64_t take() {
    if (all_.size() == 1) return all_[0]->take(0);
    if (zmq_poll(items_.data(), static_cast<int>(items_.size()), -1) < 0) return -1;
    int64_t sum = 0;
    for (size_t index = 0; index < items_.size(); ++index) {
      if ((items_[index].revents & ZMQ_POLLIN) == 0) continue;
      const int64_t some = all_[index]->take(ZMQ_DONTWAIT);
      if (some < 0) return some;
      sum += some;
    }
    return sum;
  }

 private:
  std::vector<std::unique_ptr<Subscriber>> all_;
  std::vector<zmq_pollitem_t> items_;
};

}  // namespace zmq_c
