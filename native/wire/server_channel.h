// One connection's shared memory as the server sees it, whatever the wire. Called from the
// server's thread only. Nothing here trusts the peer: a breach is reported, and the server then
// ends the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "sys/mapping.h"
#include "sys/result.h"
#include "sys/semaphore.h"
#include "wire/message.h"

namespace coroipc::wire {

// A request that was taken and not answered yet. Both numbers are private copies.
struct Request {
  int32_t id = 0;
  uint32_t size = 0;  // header included; within the memory it lies in
  bool zero_copy = false;
};

// kServed: the channel answered a request of its own (zero-copy housekeeping).
enum class Take { kNothing, kServed, kRequest, kBreach };
enum class Publish { kDone, kNoRoom, kBreach };

// Where a zero-copy request lies.
struct SharedView {
  std::shared_ptr<sys::Mapping> memory;
  size_t offset = 0;
};

// What the peer's socket said.
struct Heard {
  bool flush = false;  // send what is queued
  bool over = false;   // the peer is gone
};

class ServerChannel {
 public:
  virtual ~ServerChannel() = default;

  // Takes the next request, if there is one and none is waiting for its answer.
  [[nodiscard]] virtual Take take(Request& request) = 0;
  // A cheap look at whether `take` may find something.
  [[nodiscard]] virtual bool request_ready() const = 0;
  // Copies the taken request. Precondition: into.size() >= its size.
  virtual void read_request(std::span<std::byte> into) const = 0;
  // The memory of a taken zero-copy request.
  [[nodiscard]] virtual std::optional<SharedView> request_view() const = 0;

  [[nodiscard]] virtual size_t request_bytes() const = 0;
  [[nodiscard]] virtual size_t response_bytes() const = 0;
  [[nodiscard]] virtual size_t dispatch_bytes() const = 0;
  // The largest dispatch message that can ever be delivered.
  [[nodiscard]] virtual size_t largest_dispatch() const = 0;

  // Answers the taken request. Precondition: one is taken, and the parts fit response_bytes().
  virtual void respond(Parts parts) = 0;

  // Puts a message in the dispatch ring and tells the peer. Precondition: it fits
  // largest_dispatch(). `from_queue`: it waited in the outgoing queue.
  [[nodiscard]] virtual Publish publish(Parts parts, bool from_queue) = 0;
  // The outgoing queue took its first message, or gave its last one away.
  virtual void backlog_began() = 0;
  virtual void backlog_ended() = 0;
  // The peer asked for what is queued, and nothing was.
  virtual void answer_flush() = 0;

  // Reads what the peer sent on the socket.
  [[nodiscard]] virtual Heard listen() = 0;
  // Whether something is left to send that the socket had no room for.
  [[nodiscard]] virtual bool owes() const = 0;
  virtual void pay() = 0;

  // Posted by the peer when it wants to be looked at, and the memory it lies in.
  [[nodiscard]] virtual sys::Semaphore& wake() = 0;
  [[nodiscard]] virtual std::shared_ptr<const void> memory() const = 0;
  // Takes what `wake` was posted, for a wake-up that is more than a request. True: the peer asks
  // for what is queued.
  [[nodiscard]] virtual bool heed_wake() = 0;
  // Whether wake-ups matter while a request waits for its answer.
  [[nodiscard]] virtual bool wakes_while_answering() const = 0;

  // Tells the peer, as far as the wire can, that this is the end; releases its waiting calls.
  virtual void say_goodbye() = 0;
};

}  // namespace coroipc::wire
