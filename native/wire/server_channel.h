// One connection's shared memory as the server sees it, whatever the wire. Called from the
// server's thread only. Nothing here trusts the peer: a breach is reported, and the server then
// ends the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "sys/result.h"
#include "wire/buffers.h"
#include "wire/message.h"
#include "wire/shared_rings.h"

namespace coroipc::wire {

// A request that was taken. All of it is private copies.
struct Request {
  uint64_t token = 0;  // names it until it is answered; never used twice by a connection
  int32_t id = 0;
  uint32_t size = 0;  // header included; within the memory it lies in
  bool zero_copy = false;
};

// kServed: the channel answered a request of its own (zero-copy housekeeping).
enum class Take { kNothing, kServed, kRequest, kBreach };
enum class Publish { kDone, kNoRoom, kBreach };

// Where a zero-copy request lies, and in which of the client's buffers.
struct SharedView {
  SharedMemory memory;
  size_t offset = 0;
  uint64_t buffer = 0;
};

// What the peer's socket said.
struct Heard {
  bool woken = false;   // there is something to look at
  bool flush = false;   // send what is queued
  bool answer = false;  // it has answered an offer of a zero-copy buffer
  bool over = false;    // the peer is gone
  bool breach = false;  // it said what nobody says
};

class ServerChannel {
 public:
  virtual ~ServerChannel() = default;

  // Takes the next request, if there is one. It can be read until `request_done`, which has to come
  // before the next `take`.
  [[nodiscard]] virtual Take take(Request& request) = 0;
  // A cheap look at whether `room_made` says true or, with `takes_requests`, `take` finds
  // something.
  [[nodiscard]] virtual bool ready(bool takes_requests) const = 0;
  // Copies the request that was taken last. Precondition: into.size() >= its size.
  virtual void read_request(std::span<std::byte> into) const = 0;
  // The memory of a zero-copy request that was taken last; good until it is answered.
  [[nodiscard]] virtual std::optional<SharedView> request_view() const = 0;
  virtual void request_done() = 0;
  // Whether a request was taken and not answered.
  [[nodiscard]] virtual bool awaits(uint64_t token) const = 0;

  [[nodiscard]] virtual size_t request_bytes() const = 0;
  [[nodiscard]] virtual size_t response_bytes() const = 0;
  [[nodiscard]] virtual size_t dispatch_bytes() const = 0;
  // The largest dispatch message that can ever be delivered.
  [[nodiscard]] virtual size_t largest_dispatch() const = 0;

  // Answers a request. Precondition: it awaits its answer, and the parts fit response_bytes().
  [[nodiscard]] virtual Publish respond(uint64_t token, Parts parts) = 0;

  // Puts a message in the dispatch ring and tells the peer. Precondition: it fits
  // largest_dispatch(). `from_queue`: it waited in the outgoing queue.
  [[nodiscard]] virtual Publish publish(Parts parts, bool from_queue) = 0;
  // Whether `publish` would find room for a message of `bytes` bytes. Precondition as above.
  [[nodiscard]] virtual bool has_room(size_t bytes) = 0;
  // A message began to wait, here or with its sender, or none waits any more.
  virtual void backlog_began() = 0;
  virtual void backlog_ended() = 0;
  // The peer asked for what is queued, and nothing was.
  virtual void answer_flush() = 0;

  // Whether a peer that fell asleep just when something was published may not have been told of it.
  // `tell` has to follow then, soon, and once for however many messages.
  [[nodiscard]] virtual bool untold() const { return false; }
  virtual void tell() {}

  // Reads what the peer sent on the socket.
  [[nodiscard]] virtual Heard listen() = 0;
  // Whether something is left to send that the socket had no room for.
  [[nodiscard]] virtual bool owes() const = 0;
  virtual void pay() = 0;

  // Asks to be told, by the server's bell or the socket, of a request and of room for what waits.
  // Without `takes_requests` no request is of interest. False: there is something already, and
  // nobody will tell.
  [[nodiscard]] virtual bool sleep(bool takes_requests) = 0;
  // The server looks at the channel by itself from now on.
  virtual void wake() = 0;
  // Whether what waits may find room.
  [[nodiscard]] virtual bool room_made() = 0;

  // What JavaScript can go on with by itself, on the native wire; and, when it saw the client
  // asleep there: rings for it.
  [[nodiscard]] virtual std::optional<SharedRings> rings() { return std::nullopt; }
  virtual void tell_sleeper() {}

  // The zero-copy buffers of the native wire, which either side can make; null on any other.
  [[nodiscard]] virtual Buffers* buffers() { return nullptr; }
  // As `respond` and `publish`, of a message of so many bytes that lies at the beginning of one of
  // our buffers, header included. Precondition: the client has taken it, and it is that large.
  [[nodiscard]] virtual Publish respond_in(uint64_t, uint32_t, uint32_t, const ResponseHeader&) {
    return Publish::kBreach;
  }
  [[nodiscard]] virtual Publish publish_in(uint32_t, uint32_t, const ResponseHeader&) {
    return Publish::kBreach;
  }
  // Messages in one that the client has not given back.
  [[nodiscard]] virtual uint64_t buffer_out(uint32_t) { return 0; }

  // Tells the peer, as far as the wire can, that this is the end; releases its waiting calls.
  virtual void say_goodbye() = 0;
};

}  // namespace coroipc::wire
