// One connection of a server: plain state, moved through its stages by Server alone.
//
//   kHandshake --setup complete, admitted, mapped--> kConnecting --connect function--> kActive
//   any of them --hang-up, breach, refusal, end--> kEnding --disconnect function done--> kOver
//
// A connection that never became kConnecting goes from kHandshake to kOver at once: its
// disconnect function is not called. It is forgotten when it is kOver, no reference is left, and
// none of its own call-backs is on the stack.
#pragma once

#include <memory>
#include <optional>

#include "server/host.h"
#include "server/out_queue.h"
#include "sys/semaphore_watch.h"
#include "wire/classic/setup.h"
#include "wire/server_channel.h"

namespace coroipc::server {

enum class Stage { kHandshake, kConnecting, kActive, kEnding, kOver };

struct Connection {
  Connection(ConnectionId number, sys::Fd accepted, size_t max_queue_bytes)
      : id(number), socket(std::move(accepted)), queue(max_queue_bytes) {}

  [[nodiscard]] bool live() const { return stage < Stage::kEnding; }

  const ConnectionId id;
  sys::Fd socket;
  Stage stage = Stage::kHandshake;
  Peer peer;
  bool known_to_host = false;  // admit was asked about it, so released is owed
  int64_t handshake_deadline = 0;
  std::unique_ptr<wire::classic::SetupReader> setup =
      std::make_unique<wire::classic::SetupReader>();

  std::unique_ptr<wire::ServerChannel> channel;
  sys::SemaphoreWatch::Handle watch;
  std::optional<wire::Request> request;  // taken, not answered
  bool hot = false;                      // stands in the server's list of those to look at
  bool wants_writable = false;

  OutQueue queue;
  bool backlogged = false;     // the peer was told that messages wait
  int64_t flush_delay_ns = 0;  // until the queue is tried again

  Counters counters{};
  uint32_t references = 0;  // the application's
  uint32_t depth = 0;       // its own call-backs on the stack
  int64_t retry_at = 0;     // when a busy disconnect function is called again
};

}  // namespace coroipc::server
