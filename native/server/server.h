// A server: accepts, admits, serves requests, sends dispatch messages, and ends connections,
// under the direction of a host that watches its descriptors. It owns no loop.
//
// Requests are not pushed: after a readiness the host takes them with `next_request`, one after the
// other, until there is none. That is a turn; it is bounded in time and number, and waits awake for
// a short while when requests come thick.
//
// All functions are called from one thread, the host's; all may be called from inside any of the
// host's call-backs, and while the host serves a request. Functions that name a connection answer
// kErrBadHandle for a number that is unknown or dead.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/census.h"
#include "server/connection.h"
#include "server/host.h"
#include "sys/descriptors.h"
#include "sys/listener.h"
#include "sys/local_shared.h"
#include "sys/semaphore_watch.h"
#include "sys/spin.h"

namespace coroipc::server {

struct Options {
  std::string name;
  ConnectionId first_connection = kFirstConnection;  // numbers count up from here
  double handshake_timeout_ms = 0;
  size_t max_connections = 0;
  size_t max_connections_per_uid = 0;
  size_t max_handshakes = 0;  // that are not finished, of one user
  size_t max_buffer_bytes = 0;
  uint64_t max_bytes_per_connection = 0;  // rings, and zero-copy buffers of either side
  size_t max_queue_bytes = 0;
  size_t max_zero_copy_buffers = 0;
  uint32_t max_in_flight = 1;  // requests of a connection, on the native wire
  size_t requests_per_turn = 0;
  double spin_us = 0;
  sys::Waiting waiting = sys::Waiting::kSpins;  // sys::own_waiting, asked once for many servers
  sys::Listener::Access access;                 // of a path
  bool count_changes = false;
  bool native = true;  // the wires that are taken
  bool classic = false;
  // No request of a connection is taken while another waits for its answer.
  bool one_at_a_time = false;
};

// A request to be served: read with `read_request` before the next one is taken, answered with
// `respond`, now or later.
struct Call {
  ConnectionId connection = 0;
  wire::Request request;
};

class Server {
 public:
  // Binds, listens, and gives the host three descriptors to watch. Host and watch must outlive it.
  [[nodiscard]] static sys::Result<std::unique_ptr<Server>> open(const Options& options, Host& host,
                                                                 sys::SemaphoreWatch& watch);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The listening descriptor is readable.
  void on_accept();
  // Another descriptor is ready. False: the server called poll_remove for it.
  bool on_ready(SourceKey key, short revents);
  // Whether `next_request` wants to be called, until it says false.
  [[nodiscard]] bool wants_turn() const { return !in_turn_ && !hot_.empty() && !closing_; }
  // The next request of this turn; false at the turn's end. What was taken before is done with.
  [[nodiscard]] bool next_request(Call& call);

  // Begins to end the connections of a service, or one; says how many of the service are left.
  size_t end_service(uint32_t service);
  [[nodiscard]] Status end_connection(ConnectionId id);
  // Ends everything. The host's closed() is called, perhaps at once, when it is done.
  void close();

  [[nodiscard]] Status reference(ConnectionId id);
  [[nodiscard]] Status unreference(ConnectionId id);

  // The request that `next_request` gave last, until it is answered; kErrBadOperation for any
  // other.
  [[nodiscard]] Status read_request(ConnectionId id, std::span<std::byte> into, uint32_t& size);
  [[nodiscard]] Status request_view(ConnectionId id, wire::SharedView& view, uint32_t& size);
  // kErrTooBig beyond the response buffer: the request then still waits. kErrBadOperation: it does
  // not wait.
  [[nodiscard]] Status respond(ConnectionId id, uint64_t token, wire::Parts parts);
  // As `respond` and `dispatch`, of a message that lies in a zero-copy buffer of the server's for
  // this connection; it does not wait: kErrTryAgain when there is no room. kErrInvalidParam: no
  // such buffer, or not so large.
  [[nodiscard]] Status respond_in(ConnectionId id, uint64_t token, uint32_t buffer,
                                  const wire::ResponseHeader& header);
  [[nodiscard]] Status dispatch_in(ConnectionId id, uint32_t buffer,
                                   const wire::ResponseHeader& header);
  // kErrTooBig: could never be delivered. kErrTryAgain: refused, as the connection's Overflow says;
  // the host is told when it would be taken. kErrLibrary: the connection is over, or ended for this
  // very message. `queued` tells whether it waits behind a full ring.
  [[nodiscard]] Status dispatch(ConnectionId id, wire::Parts parts, bool& queued);
  // What becomes of messages that the ring has no room for, from now on; without `max_bytes` the
  // limit stays. It is kQueue with the options' limit before.
  [[nodiscard]] Status set_overflow(ConnectionId id, Overflow overflow,
                                    std::optional<size_t> max_bytes);

  // Null for an unknown number.
  [[nodiscard]] const Connection* find(ConnectionId id);

  // The host has its own copy of the request that `next_request` gave last.
  void done_reading();
  // A connection's rings, for the host to take requests, answer and dispatch by itself as far as it
  // is allowed, between two functions of the server's. Nothing: it may not, or there are none.
  [[nodiscard]] std::optional<wire::SharedRings> delegate(ConnectionId id);
  // It did, and saw the client asleep.
  void tell_delegated(ConnectionId id);
  // Whether no connection but that one is looked at.
  [[nodiscard]] bool looks_at_one() const { return hot_.size() == 1; }

 private:
  using Shared = sys::LocalShared<Connection>;

  Server(const Options& options, Host& host, sys::SemaphoreWatch& watch, sys::Listener listener,
         sys::Fd spare, std::shared_ptr<sys::WatchBell> bell, sys::Timer timer);

  // Life: server.cc.
  [[nodiscard]] Shared get(ConnectionId id);
  [[nodiscard]] Shared take_in(sys::Fd socket);
  void accept_one(sys::Fd socket);
  void watch(const Shared& connection);
  [[nodiscard]] std::optional<Refusal> refusal_of(uid_t uid) const;
  void turn_one_away(const sys::Failure& failure);
  void pause_accepting(int64_t for_ns);
  void accept_again();
  void on_timer();
  void set_timer();
  // Runs a call-back of the host's that is about this connection; what the host ended meanwhile
  // is finished when the outermost one returns.
  template <class HostCall>
  void call(const Shared& connection, HostCall&& host_call) {
    ++connection->depth;
    host_call();
    if (--connection->depth == 0) finish(connection);
  }
  void end(const Shared& connection, const std::string& why);
  // Ends it for what its peer did, which is counted and logged. `where` ends the sentence.
  void breach(const Shared& connection, const std::string& where);
  void finish(const Shared& connection);
  void finish_closing();

  // Handshake: handshake.cc.
  void shake_hands(const Shared& connection, short revents);
  void hear_first(const Shared& connection);
  void hear_setup(const Shared& connection);
  void hear_hello(const Shared& connection);
  void hear_attach(const Shared& connection);
  [[nodiscard]] bool admit(const Shared& connection, uint32_t service, int generation);
  void open_classic(const Shared& connection);
  void welcome(const Shared& connection);
  void begin(const Shared& connection);
  void await_handshake(const Shared& connection);
  void handshake_over(const Connection& connection);
  void bound_handshakes(uid_t uid);
  // The host did not want it, and has counted that.
  void deny(const Shared& connection, Status status, const std::string& why);
  // It did not do its part, or the system not its own. It is told so, unless the status is kOk.
  void fail(const Shared& connection, Status status, const std::string& why);
  void fail(const Shared& connection, const sys::Failure& failure, const std::string& what);
  void refuse_for_size(const Shared& connection, uint64_t bytes);
  void time_out(const Shared& connection);
  void turn_away(const Shared& connection, TurnedAway cause, Status status, const std::string& why);
  void tell_refusal(const Connection& connection, TurnedAway cause, const std::string& why);
  void log_handshake(const Peer& peer, LogLevel level, const std::string& what);
  [[nodiscard]] bool answer(const Connection& connection, Status status) const;

  // Requests: serving.cc.
  void on_bell();
  void heat(const Shared& connection);
  void want_turn();
  void begin_turn();
  void end_turn();
  void finish_current();
  enum class Served { kNothing, kSomething, kCall };
  [[nodiscard]] Served serve_one(const Shared& connection, Call& call);
  [[nodiscard]] bool takes_requests(const Connection& connection) const;
  void sleep(const Shared& connection);
  [[nodiscard]] bool may_read(ConnectionId id) const;

  // What the host does by itself: delegating.cc.
  // Counts what it did.
  void settle(const Shared& connection);
  // Says what it may do; to be called after every change of what that depends on.
  void allow(const Shared& connection) const;
  [[nodiscard]] Status may_respond(const Shared& connection, uint64_t token) const;
  void answer_given(const Shared& connection);
  // After something was published: its client is told for certain at the turn's end, or by one that
  // is arranged for.
  void tell_later(const Shared& connection);
  void tell_all();
  void answer_header(const Shared& connection, uint64_t token, int32_t id, Status status);
  void flush_answers(const Shared& connection);

  // Dispatch messages and the socket: outgoing.cc.
  void on_socket(const Shared& connection, short revents);
  void flush(const Shared& connection);
  [[nodiscard]] Status enqueue(const Shared& connection, wire::Parts parts, bool& queued);
  [[nodiscard]] Status refuse_message(const Shared& connection, size_t size);
  [[nodiscard]] Status end_overflowed(const Shared& connection);
  void begin_backlog(const Shared& connection);
  void set_backlogged(const Shared& connection, bool on);
  void update_interest(const Shared& connection);
  void count(const Shared& connection, Counter counter, uint64_t value);

  const Options options_;
  Host& host_;
  sys::SemaphoreWatch& watch_;
  std::shared_ptr<sys::WatchBell> bell_;
  sys::Listener listener_;
  sys::Fd spare_;  // given up for a moment to turn a caller away when descriptors run out
  ConnectionId turned_away_ = 0;  // who has its place meanwhile
  sys::Timer timer_;
  int64_t timer_set_for_ = sys::kNever;
  int64_t accept_again_at_ = sys::kNever;  // when the listener is watched again
  sys::Waiting waiting_;                   // as well as it can for one of the connections
  sys::Spinner spinner_;

  ConnectionId next_id_;
  std::unordered_map<ConnectionId, Shared> connections_;
  Census census_;
  size_t refused_ = 0;   // of the connections: not in the census, only to be told why not
  mutable Shared last_;  // that was asked for: often the next, too
  std::set<ConnectionId> handshakes_;                                // in the order they began
  std::unordered_map<uid_t, std::set<ConnectionId>> handshakes_of_;  // the same, a user
  std::map<ConnectionId, int64_t> flushes_;  // connections with a queue, and when to try it again
  std::set<ConnectionId> busy_exits_;
  // To be looked at in this or the next turn; `cursor_` is whose turn it is.
  std::vector<Shared> hot_;
  size_t cursor_ = 0;
  std::vector<Shared> untold_;  // clients that may not know of what was published
  bool in_turn_ = false;
  bool turn_wanted_ = false;  // the host was asked for one
  size_t budget_ = 0;         // of requests in this turn
  int64_t turn_ends_ = 0;
  int until_clock_ = 0;  // looks until it is asked whether the turn is over
  // What `next_request` gave last: its connection is kept until it is done with.
  Shared current_;
  wire::Request current_request_;
  bool readable_ = false;  // it lies where it was found
  bool closing_ = false;
  bool closed_ = false;
};

}  // namespace coroipc::server
