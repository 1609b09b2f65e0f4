// A server: accepts, admits, serves requests, sends dispatch messages, and ends connections,
// under the direction of a host that watches its descriptors. It owns no loop.
//
// All functions are called from one thread, the host's; all may be called from inside any of the
// host's call-backs. Functions that name a connection answer kErrBadHandle for a number that is
// unknown or dead.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/connection.h"
#include "server/host.h"
#include "sys/descriptors.h"
#include "sys/listener.h"
#include "sys/semaphore_watch.h"
#include "sys/spin.h"

namespace coroipc::server {

struct Options {
  std::string name;
  ConnectionId first_connection = kFirstConnection;  // numbers count up from here
  double handshake_timeout_ms = 0;
  size_t max_connections = 0;
  size_t max_buffer_bytes = 0;
  size_t max_queue_bytes = 0;
  size_t max_zero_copy_buffers = 0;
  size_t requests_per_turn = 0;
  double spin_us = 0;
  bool count_changes = false;
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

  // Begins to end the connections of a service, or one; says how many of the service are left.
  size_t end_service(uint32_t service);
  [[nodiscard]] Status end_connection(ConnectionId id);
  // Ends everything. The host's closed() is called, perhaps at once, when it is done.
  void close();

  [[nodiscard]] Status reference(ConnectionId id);
  [[nodiscard]] Status unreference(ConnectionId id);

  // The request that waits for its answer; kErrBadOperation without one.
  [[nodiscard]] Status read_request(ConnectionId id, std::span<std::byte> into, uint32_t& size);
  [[nodiscard]] Status request_view(ConnectionId id, wire::SharedView& view, uint32_t& size);
  // kErrTooBig beyond the response buffer: the request then still waits.
  [[nodiscard]] Status respond(ConnectionId id, wire::Parts parts);
  // kErrTooBig: could never be delivered. kErrTryAgain: the queue is full. `queued` tells whether
  // it waits behind a full ring.
  [[nodiscard]] Status dispatch(ConnectionId id, wire::Parts parts, bool& queued);

  // Null for an unknown number.
  [[nodiscard]] const Connection* find(ConnectionId id) const;

 private:
  using Shared = std::shared_ptr<Connection>;

  Server(const Options& options, Host& host, sys::SemaphoreWatch& watch, sys::Listener listener,
         sys::Fd spare, std::shared_ptr<sys::WatchBell> bell, sys::Timer timer);

  // Life: server.cc.
  [[nodiscard]] Shared get(ConnectionId id) const;
  void accept_one(sys::Fd socket);
  void refuse_for_want_of_descriptors();
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
  void finish(const Shared& connection);
  void finish_closing();

  // Handshake: handshake.cc.
  void shake_hands(const Shared& connection, short revents);
  void admit(const Shared& connection);
  void refuse(const Shared& connection, Status status, const std::string& why);
  [[nodiscard]] bool answer_setup(const Connection& connection, Status status) const;

  // Requests: serving.cc.
  void on_bell();
  void heat(const Shared& connection);
  [[nodiscard]] bool serve_one(const Shared& connection);
  void watch_again(const Shared& connection);
  void answer_header(const Shared& connection, int32_t request_id, Status status);

  // Dispatch messages and the socket: outgoing.cc.
  void on_socket(const Shared& connection, short revents);
  void flush(const Shared& connection);
  void set_backlogged(const Shared& connection, bool on);
  void update_interest(const Shared& connection);
  void count(const Shared& connection, Counter counter, uint64_t value);

  const Options options_;
  Host& host_;
  sys::SemaphoreWatch& watch_;
  std::shared_ptr<sys::WatchBell> bell_;
  sys::Listener listener_;
  sys::Fd spare_;  // given up for a moment to turn a caller away when descriptors run out
  sys::Timer timer_;
  int64_t timer_set_for_ = sys::kNever;
  int64_t accept_again_at_ = sys::kNever;  // when the listener is watched again
  sys::Spinner spinner_;

  ConnectionId next_id_;
  std::unordered_map<ConnectionId, Shared> connections_;
  std::set<ConnectionId> handshakes_;        // in the order they began
  std::map<ConnectionId, int64_t> flushes_;  // connections with a queue, and when to try it again
  std::set<ConnectionId> busy_exits_;
  std::deque<Shared> hot_;  // to be looked at in this or the next turn
  bool serving_ = false;
  bool answered_late_ = false;  // an answer was given outside of serving, since the last turn
  bool closing_ = false;
  bool closed_ = false;
};

}  // namespace coroipc::server
