// The libqb server: qb_loop, an echo for each request, and events to all who asked for them. The
// rate is QB_IPCS_RATE_FAST, libqb's own word for the high priority that takes up to fifty requests
// a turn.
#pragma once

#include <poll.h>
#include <qb/qbipcs.h>
#include <qb/qbloop.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "../shared/stream.h"
#include "../shared/two_sides.h"
#include "wire.h"

namespace libqb {

// libqb's call-backs for the loop have no argument of the user's, so there is one server a process.
class Server {
 public:
  [[nodiscard]] static bool serve(const std::string& name, const bench::Options& options,
                                  const bench::Ready& ready) {
    one_ = new Server(options);
    const bool served = one_->run(name, ready);
    delete one_;
    one_ = nullptr;
    return served;
  }

 private:
  explicit Server(const bench::Options& options)
      : type_(type_of(options)),
        limit_(message_limit(options)),
        wanted_(static_cast<size_t>(options.subscribers)),
        event_(sizeof(ResponseHeader) + options.payload, bench::kFill) {
    auto* header = reinterpret_cast<ResponseHeader*>(event_.data());
    *header = {kSubscribe, static_cast<int32_t>(event_.size()), 0};
  }

  [[nodiscard]] bool run(const std::string& name, const bench::Ready& ready) {
    loop_ = qb_loop_create();
    qb_ipcs_service_handlers handlers{accept, nullptr, process, closed, nullptr};
    qb_ipcs_service_t* service = qb_ipcs_create(name.c_str(), 0, type_, &handlers);
    if (loop_ == nullptr || service == nullptr) return false;
    qb_ipcs_poll_handlers loop{add_job, add_watch, change_watch, drop_watch};
    qb_ipcs_poll_handlers_set(service, &loop);
    qb_ipcs_request_rate_limit(service, QB_IPCS_RATE_FAST);
    qb_ipcs_enforce_buffer_size(service, static_cast<uint32_t>(limit_));
    if (qb_ipcs_run(service) != 0) return false;
    qb_loop_signal_handle handle{};
    qb_loop_signal_add(loop_, QB_LOOP_HIGH, SIGTERM, nullptr, stop, &handle);
    ready.tell();
    qb_loop_run(loop_);
    qb_ipcs_destroy(service);
    qb_loop_destroy(loop_);
    return true;
  }

  // The message that is being sent goes to one subscriber after the other; where one has no room,
  // the loop comes back to it.
  static int32_t publish(int32_t, int32_t, void*) {
    one_->publish_some();
    return 0;
  }

  void publish_some() {
    constexpr int kTurn = 256;
    for (int sent = 0; sent < kTurn && !subscribers_.empty(); ++sent) {
      bench::number_message(event_.data() + sizeof(ResponseHeader), number_);
      const ssize_t size = qb_ipcs_event_send(subscribers_[next_], event_.data(), event_.size());
      if (size < 0) break;
      next_ += 1;
      if (next_ < subscribers_.size()) continue;
      next_ = 0;
      number_ += 1;
    }
  }

  // A descriptor that is always ready has the loop come back at once; it puts off what are only
  // jobs for up to 50 ms.
  void begin_to_publish() {
    bell_ = eventfd(1, EFD_CLOEXEC);
    qb_loop_poll_add(loop_, QB_LOOP_LOW, bell_, POLLIN, nullptr, publish);
  }

  void end_to_publish() {
    subscribers_.clear();
    if (bell_ < 0) return;
    qb_loop_poll_del(loop_, bell_);
    close(bell_);
    bell_ = -1;
  }

  static int32_t process(qb_ipcs_connection_t* connection, void* data, size_t size) {
    const auto* request = static_cast<const RequestHeader*>(data);
    if (request->id == kSubscribe) {
      one_->subscribers_.push_back(connection);
      if (one_->subscribers_.size() == one_->wanted_) one_->begin_to_publish();
      return 0;
    }
    char* payload = static_cast<char*>(data) + sizeof(RequestHeader);
    const size_t bytes = size - sizeof(RequestHeader);
    ResponseHeader header{kEcho, static_cast<int32_t>(sizeof(ResponseHeader) + bytes), 0};
    const iovec parts[] = {{&header, sizeof header}, {payload, bytes}};
    // A caller with many in flight takes answers while it waits to send, so that there will be
    // room.
    ssize_t sent = qb_ipcs_response_sendv(connection, parts, 2);
    while (sent == -EAGAIN) {
      sched_yield();
      sent = qb_ipcs_response_sendv(connection, parts, 2);
    }
    return 0;
  }

  static int32_t closed(qb_ipcs_connection_t*) {
    one_->end_to_publish();
    return 0;
  }

  static int32_t accept(qb_ipcs_connection_t*, uid_t, gid_t) { return 0; }

  static int32_t stop(int32_t, void*) {
    qb_loop_stop(one_->loop_);
    return 0;
  }

  static int32_t add_job(qb_loop_priority priority, void* data, qb_loop_job_dispatch_fn run) {
    return qb_loop_job_add(one_->loop_, priority, data, run);
  }
  static int32_t add_watch(qb_loop_priority priority, int32_t fd, int32_t events, void* data,
                           qb_ipcs_dispatch_fn_t run) {
    return qb_loop_poll_add(one_->loop_, priority, fd, events, data, run);
  }
  static int32_t change_watch(qb_loop_priority priority, int32_t fd, int32_t events, void* data,
                              qb_ipcs_dispatch_fn_t run) {
    return qb_loop_poll_mod(one_->loop_, priority, fd, events, data, run);
  }
  static int32_t drop_watch(int32_t fd) { return qb_loop_poll_del(one_->loop_, fd); }

  static inline Server* one_ = nullptr;

  qb_ipc_type type_;
  size_t limit_;
  size_t wanted_;
  std::vector<char> event_;
  qb_loop_t* loop_ = nullptr;
  std::vector<qb_ipcs_connection_t*> subscribers_;
  size_t next_ = 0;
  uint64_t number_ = 0;
  int bell_ = -1;
};

}  // namespace libqb
