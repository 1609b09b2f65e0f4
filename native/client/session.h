// A client's connection: handshake, one request at a time, and the dispatch messages. It owns no
// loop: every wait is either bounded and asked for, or left to whoever watches its descriptors.
// All functions are called from one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/zero_copy.h"
#include "sys/semaphore_watch.h"
#include "sys/spin.h"
#include "sys/unix_socket.h"
#include "wire/classic/client_channel.h"

namespace coroipc::client {

struct Options {
  std::string name;
  uint32_t service = 0;
  wire::classic::BufferSizes sizes;
  wire::classic::Generation generation = wire::classic::Generation::k12;
  double spin_us = 0;
};

class Session {
 public:
  // Connects the socket and makes the shared memory. kErrTryAgain: nobody listens, or the
  // listener's backlog is full. The watch must outlive the session.
  [[nodiscard]] static sys::Result<std::unique_ptr<Session>> begin(const Options& options,
                                                                   sys::SemaphoreWatch& watch);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // What a wait without end asks every few milliseconds; true ends it with kErrInterrupt. For a
  // host whose thread may be told to stop while it sleeps here.
  void set_interrupted(std::function<bool()> interrupted) { interrupted_ = std::move(interrupted); }

  // Goes on with the handshake as far as it goes without waiting: true when it is finished. A
  // refusal is the failure with the status that the server sent.
  [[nodiscard]] sys::Result<bool> advance();
  // The poll(2) events that `advance` waits for.
  [[nodiscard]] short handshake_events() const;
  // `advance` to the end; kErrTimeout at the deadline, kErrInterrupt.
  [[nodiscard]] sys::Outcome finish_handshake(int64_t deadline_ns);

  [[nodiscard]] int socket() const { return socket_.get(); }
  [[nodiscard]] pid_t server_pid() const { return server_.pid; }
  // A duplicate of the socket that lives as long as the session.
  [[nodiscard]] sys::Result<int> user_fd();
  // Rings after `arm`.
  [[nodiscard]] sys::Result<int> bell_fd();

  // Sends a request, or, while a late answer is still to come, keeps it until that came.
  // kErrBusy: one is outstanding. kErrInvalidParam: larger than the request buffer.
  [[nodiscard]] Status send(wire::Parts parts);
  // Waits for the answer and gives its size. kErrTimeout, kErrInterrupt: still outstanding.
  // kErrLibrary: the server is gone; kErrBadOperation: nothing is outstanding.
  [[nodiscard]] Status await(int64_t deadline_ns, uint32_t& size);
  // Asks for the bell. With kOk the answer is there already; kErrTryAgain: the bell will ring.
  [[nodiscard]] Status arm(uint32_t& size);
  // Gives the outstanding request up.
  void abandon();
  // The answer was read: the next request may go out.
  void receive_done() { answer_size_ = 0; }
  // The answer that was awaited; 0 when there is none.
  [[nodiscard]] uint32_t answer_size() const { return answer_size_; }
  [[nodiscard]] bool outstanding() const { return outstanding_; }
  [[nodiscard]] uint64_t late_answers() const { return late_answers_; }

  // Waits for the next dispatch message. kErrTimeout: none in time. kErrInterrupt. kErrInShutdown,
  // kErrLibrary: the server is gone and everything it sent was read.
  [[nodiscard]] Status next(int64_t deadline_ns, uint32_t& size);

  // A buffer that requests are made in place in. The server is told of it with a call.
  [[nodiscard]] Status zcb_alloc(size_t bytes, int64_t deadline_ns, ZeroCopyBuffer& buffer);
  [[nodiscard]] Status zcb_free(const ZeroCopyBuffer& buffer, int64_t deadline_ns);
  [[nodiscard]] Status zcb_send(const ZeroCopyBuffer& buffer);

  [[nodiscard]] wire::ClientChannel& channel() { return *channel_; }

 private:
  Session(sys::Fd socket, sys::Credentials server, sys::SemaphoreWatch& watch, double spin_us)
      : socket_(std::move(socket)), server_(server), watch_(watch), spinner_(spin_us) {}

  enum class Poll { kNothing, kThere, kOver };
  [[nodiscard]] Poll poll_answer();
  [[nodiscard]] Status look(uint32_t& size);
  [[nodiscard]] bool server_gone() const;
  [[nodiscard]] Status call(wire::Parts parts, int64_t deadline_ns);
  [[nodiscard]] sys::Outcome ensure_bell();
  [[nodiscard]] Status wait_for_socket(short events, int64_t deadline_ns) const;
  [[nodiscard]] bool interrupted() const { return interrupted_ && interrupted_(); }

  sys::Fd socket_;
  std::function<bool()> interrupted_;
  sys::Credentials server_;
  sys::SemaphoreWatch& watch_;
  sys::Spinner spinner_;
  std::unique_ptr<wire::classic::ClassicClientChannel> channel_;
  size_t setup_sent_ = 0;
  std::vector<std::byte> setup_answer_;
  bool connected_ = false;

  bool outstanding_ = false;  // a request whose answer is wanted: sent, or kept in deferred_
  bool late_ = false;         // a request was given up, and its answer is still to come
  std::optional<std::vector<std::byte>> deferred_;
  uint32_t answer_size_ = 0;
  uint64_t late_answers_ = 0;

  sys::Fd user_fd_;
  std::shared_ptr<sys::WatchBell> bell_;
  sys::SemaphoreWatch::Handle watched_;
};

}  // namespace coroipc::client
