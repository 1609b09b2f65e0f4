// The watches of one environment, on that environment's own loop.
//
// What libuv reports and what the poll contract asks for differ in four places, each met here:
//  - Peer dead with bytes unread: libuv gives UV_EBADF, no events, and stops the handle. The watch
//    is started again, so that libuv reports it in every turn, and poll(2) says what happened.
//  - Hang-up has no event of its own: it shows as UV_DISCONNECT, which also a peer's
//    shutdown(SHUT_WR) raises, or, with a pipe, hides behind UV_READABLE. poll(2) tells which.
//    After a shutdown UV_DISCONNECT would wake the loop for ever, so it is not asked for any more.
//  - Asking for nothing stops a uv_poll_t, hang-up included. A watch that asks for nothing is kept
//    in an epoll set of its own, asked for no event, and that set is what libuv watches.
//  - A descriptor that epoll refuses, a closed one above all, makes libuv abort the process. Each
//    is tried in a set of our own right before libuv sees it; one that fails is reported as
//    POLLNVAL in every turn and libuv does not see it.
//
// Handles are numbers that are never used twice. Everything runs on the JavaScript thread.
// Call-backs may add, change and remove any watch.
#pragma once

#include <napi.h>
#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "libuv/poll_source.h"

namespace coroipc::libuv {

class PollSet final : private SourceOwner {
 public:
  // Makes the environment's set. It deletes itself in the environment's clean-up, newest watch
  // first, when libuv has closed the last handle. Null: out of descriptors, or no loop; `error` is
  // libuv's.
  static PollSet* create(napi_env env, int& error);

  // Watches `fd` for poll(2) bits `events`. A positive handle, or libuv's negative error: UV_EEXIST
  // when the descriptor is watched already, by this set or by another user of the loop.
  [[nodiscard]] int64_t add(int fd, int events, Napi::Function on_ready);
  // 0, UV_ENOENT (no such handle) or the error that kept the watch as it was.
  [[nodiscard]] int modify(int64_t handle, int events);
  // From here on the watch is silent. False: no such handle.
  [[nodiscard]] bool remove(int64_t handle);
  [[nodiscard]] bool set_ref(int64_t handle, bool ref);

  PollSet(const PollSet&) = delete;
  PollSet& operator=(const PollSet&) = delete;

 private:
  struct Watch;

  PollSet(uv_loop_t* loop, int trial_set);
  ~PollSet();

  void on_wake(void* watch, int status, int events) override;
  void on_closed() override;
  [[nodiscard]] int arm(Watch& watch, int events);
  void mark_invalid(Watch& watch);
  [[nodiscard]] int open_quiet(Watch& watch);
  [[nodiscard]] bool pollable(int fd) const;
  void erase(std::map<int64_t, Watch>::iterator watch);
  void check_fresh();
  void report_invalid();
  void update_idle();
  void begin_close();

  uv_loop_t* const loop_;
  // An empty epoll set, in which a descriptor is tried before libuv gets it.
  const int trial_set_;
  // Runs right before libuv registers what was started in this turn.
  uv_prepare_t prepare_{};
  // Runs in every turn while a watched descriptor is invalid.
  uv_idle_t idle_{};
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  // Handles of libuv that live or are being closed, `prepare_` and `idle_` included.
  size_t open_handles_ = 2;
  bool closing_ = false;
  int64_t next_handle_ = 1;
  std::map<int64_t, Watch> watches_;
  std::unordered_map<int, int64_t> by_fd_;
  std::vector<int64_t> fresh_;
  std::vector<int64_t> invalid_;
};

}  // namespace coroipc::libuv
