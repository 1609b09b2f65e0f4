// The iceoryx server: requests are answered, or messages published, in chunks that are loaned and
// written in place.
#pragma once

#include <signal.h>

#include <cstring>
#include <iceoryx_posh/popo/untyped_publisher.hpp>
#include <iceoryx_posh/popo/untyped_server.hpp>
#include <iceoryx_posh/popo/user_trigger.hpp>

#include "../shared/stream.h"
#include "../shared/two_sides.h"
#include "ports.h"

namespace iceoryx {

// A signal handler has no argument; a user trigger is iceoryx's own way to leave a WaitSet from
// one.
struct Stop {
  static inline volatile sig_atomic_t asked = 0;
  static inline iox::popo::UserTrigger* trigger = nullptr;

  static void handle(int) {
    asked = 1;
    if (trigger != nullptr) trigger->trigger();
  }
};

// False if there was no request.
inline bool answer_one(iox::popo::UntypedServer& server, size_t size) {
  auto request = server.take();
  if (request.has_error()) return false;
  const void* bytes = request.value();
  auto response = server.loan(iox::popo::RequestHeader::fromPayload(bytes),
                              static_cast<uint32_t>(size), kAlignment);
  if (response.has_error()) abort();
  memcpy(response.value(), bytes, size);
  const auto sent = server.send(response.value());
  server.releaseRequest(bytes);
  return !sent.has_error();
}

// Nothing of a call in flight is dropped: who is faster waits.
[[nodiscard]] inline iox::popo::ServerOptions lossless_server() {
  iox::popo::ServerOptions options;
  options.requestQueueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
  options.clientTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
  return options;
}

inline bool serve_polling(iox::popo::UntypedServer& server, const bench::Options& options) {
  Patience patience(options);
  while (Stop::asked == 0) {
    if (!answer_one(server, options.payload)) patience.look_again();
  }
  return true;
}

inline bool serve_waiting(iox::popo::UntypedServer& server, size_t size) {
  iox::popo::WaitSet<> set;
  iox::popo::UserTrigger stop;
  if (set.attachEvent(stop).has_error()) return false;
  if (set.attachState(server, iox::popo::ServerState::HAS_REQUEST).has_error()) return false;
  Stop::trigger = &stop;
  while (Stop::asked == 0) {
    set.wait();
    while (answer_one(server, size)) {
    }
  }
  Stop::trigger = nullptr;
  return true;
}

// Where a subscriber has no room, the publisher waits for it.
inline bool publish(const iox::capro::ServiceDescription& service, size_t size,
                    const bench::Ready& ready) {
  iox::popo::PublisherOptions options;
  options.subscriberTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
  iox::popo::UntypedPublisher publisher(service, options);
  ready.tell();
  const std::vector<char> content(size, bench::kFill);
  for (uint64_t number = 0; Stop::asked == 0;) {
    if (!publisher.hasSubscribers()) {
      bench::sleep_until(bench::now_ns() + 1'000'000);
      continue;
    }
    auto chunk = publisher.loan(static_cast<uint32_t>(size), kAlignment);
    if (chunk.has_error()) return fprintf(stderr, "no chunk could be loaned\n"), false;
    char* bytes = static_cast<char*>(chunk.value());
    memcpy(bytes, content.data(), size);
    bench::number_message(bytes, number++);
    publisher.publish(bytes);
  }
  return true;
}

inline bool serve(pid_t caller, const bench::Options& options, const bench::Ready& ready) {
  struct sigaction action {};
  action.sa_handler = Stop::handle;
  sigaction(SIGTERM, &action, nullptr);
  join("server", caller);
  if (bench::is_stream(options)) {
    return publish(service_of(caller), options.payload, ready);
  }
  iox::popo::UntypedServer server(service_of(caller), lossless_server());
  ready.tell();
  return options.way == "wait" ? serve_waiting(server, options.payload)
                               : serve_polling(server, options);
}

}  // namespace iceoryx
