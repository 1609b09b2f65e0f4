// A client's connection, whatever the wire: handshake, requests and their answers, dispatch
// messages. It owns no loop: every wait is either bounded and asked for, or left to whoever watches
// its descriptors. All functions are called from one thread.
//
// A request is named by its token, which no other request of the session has. An answer that was
// found lies where it is until `answer_done`; a dispatch message until `put`.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "client/zero_copy.h"
#include "sys/cpus.h"
#include "sys/semaphore_watch.h"
#include "sys/spin.h"
#include "sys/unix_socket.h"
#include "wire/buffers.h"
#include "wire/classic/client_channel.h"
#include "wire/shared_rings.h"

namespace coroipc::client {

// What a loop can wait for.
using Wants = uint32_t;
inline constexpr Wants kWantsAnswers = 1;
inline constexpr Wants kWantsMessages = 2;
inline constexpr Wants kWantsRoom = 4;  // for a request that found none

struct Options {
  std::string name;
  uint32_t service = 0;
  // The native wire, or the classic wire's generation.
  std::optional<wire::classic::Generation> classic;
  // The largest request and response, headers included, and the dispatch ring.
  wire::classic::BufferSizes sizes;
  uint32_t max_in_flight = 1;  // on the native wire
  uint32_t max_buffers = 16;   // of the server that are taken there, and bytes of one
  uint64_t max_buffer_bytes = uint64_t{64} << 20;
  std::optional<uid_t> server_uid;  // whose server alone is talked to
  double spin_us = 0;
  sys::Waiting waiting = sys::Waiting::kSpins;  // sys::own_waiting, asked once for many sessions
};

// Memory that a message lies in.
struct InPlace {
  std::shared_ptr<sys::Mapping> memory;
  size_t offset = 0;
};

// A message in a buffer of the server's; what its header says is what was checked.
struct PlaceInBuffer {
  uint32_t number = 0;
  size_t offset = 0;
  int32_t id = 0;
  int32_t error = 0;
};
// Where a request begins in a buffer of the client's, so that all payloads lie at one place.
inline constexpr size_t kRequestPlace = sizeof(wire::ResponseHeader) - sizeof(wire::RequestHeader);

class Session {
 public:
  // Connects the socket and prepares what the handshake needs. kErrTryAgain: nobody listens, or the
  // listener's backlog is full. kErrSecurity: another user's server. The watch must outlive it.
  [[nodiscard]] static sys::Result<std::unique_ptr<Session>> begin(const Options& options,
                                                                   sys::SemaphoreWatch& watch);
  virtual ~Session() { sys::close_connection(socket_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // What a wait without end asks every few milliseconds; true ends it with kErrInterrupt. For a
  // host whose thread may be told to stop while it sleeps here.
  void set_interrupted(std::function<bool()> interrupted) { interrupted_ = std::move(interrupted); }

  // Goes on with the handshake as far as it goes without waiting: true when it is finished. A
  // refusal is the failure with the status that the server sent.
  [[nodiscard]] virtual sys::Result<bool> advance() = 0;
  // The poll(2) events that `advance` waits for.
  [[nodiscard]] virtual short handshake_events() const = 0;
  [[nodiscard]] virtual bool connected() const = 0;
  // `advance` to the end; kErrTimeout at the deadline, kErrInterrupt.
  [[nodiscard]] sys::Outcome finish_handshake(int64_t deadline_ns);

  [[nodiscard]] int socket() const { return socket_.get(); }
  [[nodiscard]] const sys::Credentials& server() const { return server_; }
  // The classic wire's generation; 0: the native wire.
  [[nodiscard]] virtual int generation() const = 0;
  // For the user's own poll set: readable while a dispatch message may wait or the server is gone.
  // It lives as long as the session.
  [[nodiscard]] virtual sys::Result<int> user_fd() = 0;
  // To be called before the user gets control again: makes user_fd() say what is true.
  virtual void settle() {}
  // Rings, beside the socket, for answers; -1 where the socket does.
  [[nodiscard]] virtual sys::Result<int> bell_fd() = 0;

  [[nodiscard]] virtual size_t request_bytes() const = 0;
  [[nodiscard]] virtual uint32_t max_in_flight() const = 0;

  // Sends a request. kErrBusy: as many as can be are in flight, or there is no room now.
  // kErrInvalidParam: larger than request_bytes(). kErrLibrary: the server is gone.
  [[nodiscard]] virtual Status send(wire::Parts parts, uint64_t& token) = 0;
  // After kErrBusy: waits until it is worth trying again. kErrBusy: that is when the request before
  // is answered. kErrTimeout, kErrInterrupt. kErrLibrary: the server is gone.
  [[nodiscard]] virtual Status await_room(int64_t) { return Status::kErrBusy; }
  // Waits for the answer of one request. kErrTimeout, kErrInterrupt: it is still in flight.
  // kErrLibrary: the server is gone; kErrBadOperation: it is not in flight.
  [[nodiscard]] virtual Status await(uint64_t token, int64_t deadline_ns, uint32_t& size) = 0;
  // The next answer that is there; the same one until `answer_done`. kErrTryAgain: none.
  // kErrLibrary: the server is gone.
  [[nodiscard]] virtual Status answer(uint64_t& token, uint32_t& size) = 0;
  // The first bytes of the answer found last; how many. Its size, 0 when there is none.
  virtual size_t read_answer(std::span<std::byte> into) const = 0;
  // The bytes behind its header, where they lie until `answer_done`.
  [[nodiscard]] virtual std::span<const std::byte> answer_payload() const = 0;
  [[nodiscard]] virtual uint32_t answer_size() const = 0;
  virtual void answer_done() = 0;
  // Gives a request up: its late answer will be dropped.
  virtual void abandon(uint64_t token) = 0;
  [[nodiscard]] virtual uint64_t late_answers() const = 0;

  // The next dispatch message; the same one until `put`. kErrTryAgain: none. kErrInShutdown,
  // kErrLibrary: the server is gone and everything it sent was read.
  [[nodiscard]] virtual Status look_for_message(uint32_t& size) = 0;
  // Waits for it. kErrTimeout: none in time. kErrInterrupt.
  [[nodiscard]] virtual Status next(int64_t deadline_ns, uint32_t& size) = 0;
  // The first bytes of the current dispatch message; how many. The size in its header is what was
  // checked.
  virtual size_t read_message(std::span<std::byte> into) const = 0;
  // Makes the current message's room free. False: there is none.
  [[nodiscard]] virtual bool put() = 0;
  // Reads those that are there into `room`, each at a multiple of eight bytes, and puts them. It
  // goes no further than `most`, and not past what `look_for_message` has to look at: what is
  // larger than `largest`, finds no room, lies in a buffer, or is the end.
  struct Taken {
    uint32_t count = 0;
    size_t bytes = 0;  // of `room`
  };
  [[nodiscard]] virtual Taken take_messages(std::span<std::byte> room, uint64_t most,
                                            size_t largest) = 0;
  // The server holds messages back because the ring is full.
  [[nodiscard]] virtual bool flow_controlled() const = 0;

  // A descriptor is readable: takes what says no more than that. False: the server is gone.
  virtual bool hear() = 0;
  // For a loop that is about to wait: what is there of what it wants. 0: nothing, and its
  // descriptors will be readable when there is.
  [[nodiscard]] virtual Wants sleep(Wants wants) = 0;
  // Whether a wait in between took the wake-up that a loop sleeps for; asked once.
  [[nodiscard]] virtual bool take_attention() { return false; }

  // Where the answer, and the current dispatch message, lie in memory that JavaScript may see.
  [[nodiscard]] virtual std::optional<InPlace> answer_in_place() const { return std::nullopt; }
  [[nodiscard]] virtual std::optional<InPlace> message_in_place() const { return std::nullopt; }

  // What JavaScript can go on with by itself, on the native wire; and, once it has sent requests:
  // the number of the last, as a token, and to be told when it saw the server asleep.
  [[nodiscard]] virtual std::optional<wire::SharedRings> rings() { return std::nullopt; }
  [[nodiscard]] virtual uint64_t last_sent() const { return 0; }
  virtual void tell_sent() {}

  // The zero-copy buffers of the native wire; null on the classic one.
  [[nodiscard]] virtual wire::Buffers* buffers() { return nullptr; }
  // As `send`, of a request of `size` bytes that lies in one of ours, at kRequestPlace.
  // Precondition: the server has taken it, and it is that large. kErrBusy: also when one in it is
  // in flight.
  [[nodiscard]] virtual Status send_in(uint32_t, uint32_t, int32_t, uint64_t&) {
    return Status::kErrNotSupported;
  }
  // Where the answer found last, and the current dispatch message, lie in a buffer of the server's;
  // nothing when they do not. To keep one is to be done with it and to release it later.
  [[nodiscard]] virtual std::optional<PlaceInBuffer> answer_in_buffer() const {
    return std::nullopt;
  }
  [[nodiscard]] virtual std::optional<PlaceInBuffer> message_in_buffer() const {
    return std::nullopt;
  }
  virtual void keep_answer() {}
  virtual void keep_message() {}
  // False: nothing in it was kept.
  [[nodiscard]] virtual bool release(uint32_t) { return false; }

  // A buffer that requests are made in place in, on the classic wire. The server is told of it with
  // a call.
  [[nodiscard]] virtual sys::Outcome zcb_alloc(size_t, int64_t, ZeroCopyBuffer&) {
    return sys::Failure{Status::kErrNotSupported};
  }
  [[nodiscard]] virtual Status zcb_free(const ZeroCopyBuffer&, int64_t) {
    return Status::kErrNotSupported;
  }
  [[nodiscard]] virtual Status zcb_send(const ZeroCopyBuffer&, uint64_t&) {
    return Status::kErrNotSupported;
  }

 protected:
  // A message is owed by nobody, as an answer is, and is waited for awake no longer than this.
  static constexpr double kMessageSpinUs = 50;

  Session(sys::Fd socket, const sys::Credentials& server, const Options& options)
      : socket_(std::move(socket)),
        server_(server),
        answer_spinner_(options.spin_us, sys::waiting_for(server.pid, options.waiting)),
        message_spinner_(std::min(options.spin_us, kMessageSpinUs),
                         sys::waiting_for(server.pid, options.waiting)) {}

  [[nodiscard]] Status wait_for_socket(short events, int64_t deadline_ns) const;
  [[nodiscard]] bool interrupted() const { return interrupted_ && interrupted_(); }

  sys::Fd socket_;
  sys::Credentials server_;
  // What is learned of waits for answers says nothing of those for rare messages.
  sys::Spinner answer_spinner_;
  sys::Spinner message_spinner_;

 private:
  std::function<bool()> interrupted_;
};

}  // namespace coroipc::client
