// The server's end of a native connection: requests in, responses and dispatch messages out. Memory
// and indices only; the socket is the owner's, who sends a doorbell when `must_ring` says so.
//
// For one thread. A breach is told again by every later look, and the owner then hangs up.
#pragma once

#include <memory>
#include <unordered_map>

#include "ring/record_ring.h"
#include "wire/native/memory.h"
#include "wire/native/message.h"
#include "wire/native/sequence_set.h"
#include "wire/native/sleep.h"

namespace coroipc::wire::native {

class ServerEnd {
 public:
  using Put = ring::RecordProducer::Put;
  using Look = ring::RecordConsumer::Look;

  // `ours` was made with server_rings, `theirs` taken with client_rings.
  ServerEnd(const Geometry& geometry, sys::SealedMemory ours, sys::SealedMemory theirs);

  // What this end works on, for JavaScript to go on with; it may outlive the end.
  using Memory = EndMemory<ServerLedger>;
  [[nodiscard]] const std::shared_ptr<Memory>& memory() const { return memory_; }

  // The largest message, header included, that each ring takes.
  [[nodiscard]] size_t largest_response() const { return responses_.largest(); }
  [[nodiscard]] size_t largest_dispatch() const { return dispatches_.largest(); }

  // The next request, which lies where it is until `request_done`; it may be answered from now on.
  // More in flight than were agreed on is a breach.
  [[nodiscard]] Look request(Message& message);
  void request_done();
  [[nodiscard]] bool unanswered(uint64_t sequence) const {
    return (sequence > ledger_.noted && sequence <= ledger_.received) ||
           unanswered_.contains(sequence);
  }
  [[nodiscard]] size_t in_flight() const { return ledger_.in_flight; }

  // Answers a request that is unanswered. kNoRoom: later, when the client has taken others.
  [[nodiscard]] Put respond(uint64_t sequence, Parts message);
  // kNoRoom: later, when the client has taken others.
  [[nodiscard]] Put dispatch(Parts message);
  // The same with messages that lie in a buffer of ours; the client gives them back.
  [[nodiscard]] Put respond_in_buffer(uint64_t sequence, const BufferPlace& place,
                                      const ResponseHeader& header);
  [[nodiscard]] Put dispatch_in_buffer(const BufferPlace& place, const ResponseHeader& header);

  // The zero-copy buffers of either side; their notes are the owner's to send and to receive. A
  // request in a buffer of the client's lies there until it is answered.
  [[nodiscard]] OwnBuffers& own_buffers() { return own_buffers_; }
  [[nodiscard]] PeerBuffers& peer_buffers() { return peer_buffers_; }
  // Learns what the client has given back since the last time, as `doze` does for kWantsRoom; what
  // is out, own_buffers() says then.
  enum class Back { kNothing, kSome, kBreach };
  [[nodiscard]] Back settle();
  // Whether `dispatch` finds room for a message of `bytes` bytes.
  [[nodiscard]] bool has_room(size_t bytes) { return dispatches_.takes(bytes); }

  [[nodiscard]] bool request_ready() const { return requests_.ready(); }
  // Whether the last response or the last dispatch message found no room, and whether it does by
  // now; while messages wait behind the ring, or with their sender, any room will do.
  [[nodiscard]] bool blocked() const {
    return responses_.blocked() || dispatches_.blocked() || backlog_;
  }
  [[nodiscard]] bool room_made() const {
    return responses_.room_made() || dispatches_.room_made() || (backlog_ && dispatches_.moved());
  }
  // Tells the client whether messages wait behind the dispatch ring, or with their sender. While
  // they do, room is wanted, whatever still fits.
  void set_backlog(bool on);

  // To be called before every wait for the socket: whether there is nothing of `wants`, so that
  // the peer will ring for it. Every call is a new sleep; else this side stays awake.
  [[nodiscard]] bool doze(Wants wants);
  [[nodiscard]] uint64_t sleeps() const { return sleep_.sleeps(); }
  // What this side sleeps for.
  [[nodiscard]] Wants wants() const { return sleep_.wants(); }
  void wake() { sleep_.wake(); }
  // To be asked after every respond (kWantsCalls), every dispatch (kWantsDispatches), and after one
  // `request_done` or several (kWantsRoom).
  [[nodiscard]] bool must_ring(Wants what) { return sleep_.must_ring(what); }
  [[nodiscard]] bool sees_sleeper(Wants what) { return sleep_.sees_sleeper(what); }
  // What of it the client has not taken yet.
  [[nodiscard]] Wants untaken(Wants what) const {
    if (responses_.taken()) what &= ~kWantsCalls;
    return dispatches_.taken() ? what & ~kWantsDispatches : what;
  }

 private:
  void answered(uint64_t sequence);
  // Notes which of the requests that JavaScript took are unanswered: all that are not noted.
  void note();

  const Geometry geometry_;
  const std::shared_ptr<Memory> memory_;
  const sys::SealedMemory& ours_ = memory_->ours;
  const sys::SealedMemory& theirs_ = memory_->theirs;
  ServerLedger& ledger_ = memory_->ledger;
  ring::RecordConsumer requests_;
  ring::RecordProducer responses_;
  ring::RecordProducer dispatches_;
  SleepWord sleep_;
  SequenceSet unanswered_;         // of those that were noted
  bool seen_ = false;              // the request that lies first was counted
  uint32_t request_in_ = kInRing;  // and the buffer that it lies in
  OwnBuffers own_buffers_;
  PeerBuffers peer_buffers_;
  // Requests that are unanswered, and the buffers that they lie in.
  std::unordered_map<uint64_t, uint32_t> held_requests_;
  uint64_t out_ = 0;   // messages in buffers of ours that the client has not given back
  bool lied_ = false;  // about what it has given back
  bool backlog_ = false;
};

}  // namespace coroipc::wire::native
