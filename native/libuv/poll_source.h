// One uv_poll_t. libuv closes handles asynchronously; here closing is hidden: a source that is
// dropped is silent at once, its descriptor may be closed or watched anew at once, and its memory
// stays until libuv has called back.
//
// Only for the thread of its loop.
#pragma once

#include <uv.h>

#include <memory>

namespace coroipc::libuv {

// Who a source reports to; outlives it, and its close.
class SourceOwner {
 public:
  // libuv reported `status` and UV_* `events`. The owner may drop the source inside this call.
  virtual void on_wake(void* watch, int status, int events) = 0;
  // A dropped source's memory is gone.
  virtual void on_closed() = 0;

 protected:
  ~SourceOwner() = default;
};

class PollSource {
 public:
  struct Drop {
    void operator()(PollSource* source) const { source->drop(); }
  };
  using Ptr = std::unique_ptr<PollSource, Drop>;

  // Makes a source for `fd`, which the caller keeps open while the source is started. libuv makes
  // the descriptor non-blocking. 0, or libuv's negative error; only with 0 is `owner` told
  // `on_closed` later.
  [[nodiscard]] static int open(uv_loop_t* loop, int fd, SourceOwner& owner, void* watch,
                                Ptr& source);

  // Asks for UV_* `events`, at least one. The descriptor must be one that epoll takes: libuv aborts
  // the process otherwise.
  void start(int events);
  void stop();
  void set_ref(bool ref);

  PollSource(const PollSource&) = delete;
  PollSource& operator=(const PollSource&) = delete;

 private:
  PollSource(SourceOwner& owner, void* watch) : owner_(owner), watch_(watch) {}
  ~PollSource() = default;
  void drop();

  uv_poll_t poll_{};
  SourceOwner& owner_;
  void* const watch_;
};

}  // namespace coroipc::libuv
