// The iceoryx caller, or subscribers. What comes is looked at where it lies, as the library means
// it.
#pragma once

#include <cstring>
#include <iceoryx_posh/popo/untyped_client.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>
#include <memory>
#include <vector>

#include "../shared/ask.h"
#include "../shared/stream.h"
#include "ports.h"

namespace iceoryx {

[[nodiscard]] inline iox::popo::ClientOptions lossless_client() {
  iox::popo::ClientOptions options;
  options.responseQueueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
  options.serverTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
  return options;
}

class Client {
 public:
  Client(pid_t caller, const bench::Options& options)
      : waits_(options.way == "wait"),
        request_(options.payload, bench::kFill),
        patience_(options),
        client_(service_of(caller), lossless_client()) {}

  // The daemon brings the two sides together within a tenth of a second or so.
  [[nodiscard]] bool connect() {
    constexpr int kTries = 1000;
    for (int tries = 0; tries < kTries; ++tries) {
      if (client_.getConnectionState() == iox::ConnectionState::CONNECTED) {
        return !waits_ ||
               !set_.attachState(client_, iox::popo::ClientState::HAS_RESPONSE).has_error();
      }
      bench::sleep_until(bench::now_ns() + 10'000'000);
    }
    return false;
  }

  [[nodiscard]] bool send() {
    auto chunk = client_.loan(static_cast<uint32_t>(request_.size()), kAlignment);
    if (chunk.has_error()) return false;
    memcpy(chunk.value(), request_.data(), request_.size());
    return !client_.send(chunk.value()).has_error();
  }

  [[nodiscard]] bool call() { return send() && receive(); }

  [[nodiscard]] bench::Answer take() {
    auto answer = client_.take();
    if (answer.has_error()) {
      const bool none = answer.get_error() == iox::popo::ChunkReceiveResult::NO_CHUNK_AVAILABLE;
      return none ? bench::Answer::kNone : bench::Answer::kWrong;
    }
    const char* bytes = static_cast<const char*>(answer.value());
    const bool right = bytes[0] == bench::kFill && bytes[request_.size() - 1] == bench::kFill;
    client_.releaseResponse(bytes);
    return right ? bench::Answer::kTaken : bench::Answer::kWrong;
  }

  [[nodiscard]] bool receive() {
    for (;;) {
      const bench::Answer answer = take();
      if (answer != bench::Answer::kNone) return answer == bench::Answer::kTaken;
      if (waits_) {
        set_.wait();
      } else {
        patience_.look_again();
      }
    }
  }

 private:
  const bool waits_;
  std::vector<char> request_;
  Patience patience_;
  iox::popo::UntypedClient client_;
  iox::popo::WaitSet<> set_;
};

class Subscriber {
 public:
  explicit Subscriber(const iox::capro::ServiceDescription& service)
      : subscriber_(service, lossless()) {}

  [[nodiscard]] bool subscribed() const {
    return subscriber_.getSubscriptionState() == iox::SubscribeState::SUBSCRIBED;
  }

  [[nodiscard]] bool attach(iox::popo::WaitSet<>& set) {
    return !set.attachState(subscriber_, iox::popo::SubscriberState::HAS_DATA).has_error();
  }

  // The messages that are there; below 0 is a failure.
  [[nodiscard]] int64_t take(size_t size) {
    constexpr int64_t kTurn = 64;
    for (int64_t count = 0; count < kTurn; ++count) {
      auto message = subscriber_.take();
      if (message.has_error()) {
        const bool none = message.get_error() == iox::popo::ChunkReceiveResult::NO_CHUNK_AVAILABLE;
        return none ? count : -1;
      }
      const bool right = arrivals_.take(message.value(), size);
      subscriber_.release(message.value());
      if (!right) return -1;
    }
    return kTurn;
  }

 private:
  [[nodiscard]] static iox::popo::SubscriberOptions lossless() {
    iox::popo::SubscriberOptions options;
    options.queueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
    return options;
  }

  iox::popo::UntypedSubscriber subscriber_;
  bench::Arrivals arrivals_;
};

class Subscribers {
 public:
  explicit Subscribers(const bench::Options& options)
      : waits_(options.way == "wait"), size_(options.payload), patience_(options) {}

  [[nodiscard]] bool open(pid_t caller, int count) {
    constexpr int kTries = 1000;
    for (int index = 0; index < count; ++index) {
      all_.push_back(std::make_unique<Subscriber>(service_of(caller)));
    }
    for (const auto& each : all_) {
      for (int tries = 0; tries < kTries && !each->subscribed(); ++tries) {
        bench::sleep_until(bench::now_ns() + 10'000'000);
      }
      if (!each->subscribed() || (waits_ && !each->attach(set_))) return false;
    }
    return true;
  }

  [[nodiscard]] int64_t take() {
    for (;;) {
      int64_t sum = 0;
      for (const auto& each : all_) {
        const int64_t some = each->take(size_);
        if (some < 0) return some;
        sum += some;
      }
      if (sum > 0) return sum;
      if (waits_) {
        set_.wait();
      } else {
        patience_.look_again();
      }
    }
  }

 private:
  const bool waits_;
  const size_t size_;
  Patience patience_;
  std::vector<std::unique_ptr<Subscriber>> all_;
  iox::popo::WaitSet<> set_;
};

}  // namespace iceoryx
