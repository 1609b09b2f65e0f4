// The client's end of a native connection: requests out, responses and dispatch messages in. Memory
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

class ClientEnd {
 public:
  using Put = ring::RecordProducer::Put;
  using Look = ring::RecordConsumer::Look;

  // `ours` was made with client_rings, `theirs` taken with server_rings.
  ClientEnd(const Geometry& geometry, sys::SealedMemory ours, sys::SealedMemory theirs);

  // What this end works on, for JavaScript to go on with; it may outlive the end.
  using Memory = EndMemory<ClientLedger>;
  [[nodiscard]] const std::shared_ptr<Memory>& memory() const { return memory_; }
  // Nothing can be sent any more.
  void shut() { ledger_.over = 1; }
  [[nodiscard]] bool is_shut() const { return ledger_.over != 0; }

  // The largest message, header included, that each ring takes.
  [[nodiscard]] size_t largest_request() const { return requests_.largest(); }

  // Sends a request and says its number. kNoRoom: the ring is full, or as many are in flight as
  // were agreed on.
  [[nodiscard]] Put send(Parts message, uint64_t& sequence);
  [[nodiscard]] size_t in_flight() const { return ledger_.in_flight; }
  // Whether a request has no response that was done with.
  [[nodiscard]] bool awaits(uint64_t sequence) const {
    return (sequence > ledger_.noted && sequence <= ledger_.sent) || in_flight_.contains(sequence);
  }
  // Notes that the requests which JavaScript sent are in flight: all that are not noted. It takes
  // no answer to one that is, and so none that was seen here.
  void note();
  // The number of the last request.
  [[nodiscard]] uint64_t last_sent() const { return ledger_.sent; }
  // The same with one that lies in a buffer of ours; its answer gives it back.
  [[nodiscard]] Put send_in_buffer(const BufferPlace& place, const RequestHeader& header,
                                   uint64_t& sequence);

  // The next response, which lies where it is until `response_done`.
  [[nodiscard]] Look response(Message& message);
  void response_done();

  // The next dispatch message, which lies where it is until `dispatch_done`.
  [[nodiscard]] Look dispatch(Message& message);
  void dispatch_done();
  // Copies those that are there into `room`, each at a multiple of eight bytes, and is done with
  // them. It goes no further than `most`, and not past what is larger than `largest`, lies in a
  // buffer, finds no room or breaks the rules: `dispatch` finds that.
  struct Taken {
    uint32_t count = 0;
    size_t bytes = 0;  // of `room`
    bool all = false;  // no more are there
  };
  [[nodiscard]] Taken take_dispatches(std::span<std::byte> room, uint64_t most, size_t largest);

  // Whether the last request found no room in the ring, and whether it does by now. Where as many
  // are in flight as may be, only an answer makes room.
  [[nodiscard]] bool blocked() const { return has_place() && requests_.blocked(); }
  [[nodiscard]] bool room_made() const { return has_place() && requests_.room_made(); }

  // The zero-copy buffers of either side; their notes are the owner's to send and to receive.
  [[nodiscard]] OwnBuffers& own_buffers() { return own_buffers_; }
  [[nodiscard]] PeerBuffers& peer_buffers() { return peer_buffers_; }
  // Gives back one message that lay in a buffer of the server's, after its `done`; kWantsRoom is to
  // be asked for then. False: none is held there.
  [[nodiscard]] bool release(uint32_t number);

  // Cheap looks at whether those two find something.
  [[nodiscard]] bool response_ready() const { return responses_.ready(); }
  [[nodiscard]] bool dispatch_ready() const { return dispatches_.ready(); }
  // Messages wait behind the dispatch ring.
  [[nodiscard]] bool backlog() const;

  // To be called before every wait for the socket: whether there is nothing of `wants`, so that
  // the peer will ring for it. Every call is a new sleep; else this side stays awake.
  [[nodiscard]] bool doze(Wants wants);
  [[nodiscard]] uint64_t sleeps() const { return sleep_.sleeps(); }
  // What this side sleeps for.
  [[nodiscard]] Wants wants() const { return sleep_.wants(); }
  void wake() { sleep_.wake(); }
  // To be asked after every send (kWantsCalls), and after one `done` or several (kWantsRoom).
  [[nodiscard]] bool must_ring(Wants what) { return sleep_.must_ring(what); }
  [[nodiscard]] bool sees_sleeper(Wants what) { return sleep_.sees_sleeper(what); }
  // What of it the server has not taken yet.
  [[nodiscard]] Wants untaken(Wants what) const {
    return requests_.taken() ? what & ~kWantsCalls : what;
  }

 private:
  [[nodiscard]] bool has_place() const { return in_flight() < geometry_.in_flight; }
  void took_off();
  [[nodiscard]] bool hold(const Message& message, uint32_t& first_in);

  const Geometry geometry_;
  const std::shared_ptr<Memory> memory_;
  const sys::SealedMemory& ours_ = memory_->ours;
  const sys::SealedMemory& theirs_ = memory_->theirs;
  ClientLedger& ledger_ = memory_->ledger;
  ring::RecordProducer requests_;
  ring::RecordConsumer responses_;
  ring::ConsumerPlace dispatches_place_;
  ring::RecordConsumer dispatches_;
  SleepWord sleep_;
  SequenceSet in_flight_;    // of those that were noted
  uint64_t dispatched_ = 0;  // dispatch messages that were done with
  uint64_t answered_ = 0;    // the request that the response lying first is for
  OwnBuffers own_buffers_;
  PeerBuffers peer_buffers_;
  // Requests in flight that lie in buffers of ours, and in which.
  std::unordered_map<uint64_t, uint32_t> sent_in_buffers_;
  uint32_t response_in_ = kInRing;  // the buffer of the response that lies first, once it was seen
  uint32_t dispatch_in_ = kInRing;
};

}  // namespace coroipc::wire::native
