// One connection of a server: plain state, moved through its stages by Server alone.
//
//   kHandshake --peer heard, admitted, mapped--> kConnecting --connect function--> kActive
//   any of them --hang-up, breach, refusal, end--> kEnding --disconnect function done--> kOver
//
// A connection that never became kConnecting goes from kHandshake to kOver at once: its
// disconnect function is not called. It is forgotten when it is kOver, no reference is left, and
// none of its own call-backs is on the stack.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "server/greeting.h"
#include "server/host.h"
#include "server/out_queue.h"
#include "wire/server_channel.h"

namespace coroipc::server {

enum class Stage { kHandshake, kConnecting, kActive, kEnding, kOver };

// An answer that the response ring had no room for.
struct Answer {
  uint64_t token = 0;
  std::vector<std::byte> message;
};

struct Connection {
  Connection(ConnectionId number, sys::Fd accepted, size_t max_queue_bytes)
      : id(number), socket(std::move(accepted)), queue(max_queue_bytes) {}

  [[nodiscard]] bool live() const { return stage < Stage::kEnding; }
  // Whether the peer has said that it speaks the native wire.
  [[nodiscard]] bool is_native() const {
    return greeting == nullptr ? peer.generation == 0 : greeting->wire == Greeting::Wire::kNative;
  }
  // Whether the host was told that a message has to wait, here or with its sender.
  [[nodiscard]] bool owes_drain() const { return !queue.empty() || refused_bytes > 0; }

  const ConnectionId id;
  sys::Fd socket;
  Stage stage = Stage::kHandshake;
  Peer peer;
  bool counted = false;        // in the server's census
  bool known_to_host = false;  // admit was asked about it, so released is owed
  int64_t handshake_deadline = 0;
  std::unique_ptr<Greeting> greeting = std::make_unique<Greeting>();

  std::unique_ptr<wire::ServerChannel> channel;
  wire::Delegated* delegated = nullptr;  // the channel's, once JavaScript was shown its rings
  size_t unanswered = 0;                 // requests that the host has to answer
  std::list<Answer> answers;             // those that wait for room; no request is taken meanwhile
  bool hot = false;                      // stands in the server's list of those to look at
  bool served = false;                   // in this turn
  bool untold = false;                   // stands in the server's list of those to tell
  bool wants_writable = false;

  OutQueue queue;
  size_t refused_bytes = 0;    // of the largest message that was refused and may be sent again
  bool backlogged = false;     // the peer was told that messages wait
  int64_t flush_delay_ns = 0;  // until the queue is tried again

  Counters counters{};
  uint32_t references = 0;  // the application's
  uint32_t depth = 0;       // its own call-backs on the stack
  int64_t retry_at = 0;     // when a busy disconnect function is called again
};

}  // namespace coroipc::server
