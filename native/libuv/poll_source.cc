#include "libuv/poll_source.h"

#include <cassert>

namespace coroipc::libuv {

int PollSource::open(uv_loop_t* loop, int fd, SourceOwner& owner, void* watch, Ptr& source) {
  auto* made = new PollSource(owner, watch);
  const int error = uv_poll_init(loop, &made->poll_, fd);
  if (error != 0) {
    // libuv does not know a handle whose init failed: there is nothing to close.
    delete made;
    return error;
  }
  made->poll_.data = made;
  source.reset(made);
  return 0;
}

void PollSource::start(int events) {
  assert(events != 0);
  // Fails only when another handle of the loop took the descriptor's number in the meantime, which
  // a caller that closed its descriptor too early brings about. The watch is then silent.
  static_cast<void>(uv_poll_start(&poll_, events, [](uv_poll_t* poll, int status, int seen) {
    auto* source = static_cast<PollSource*>(poll->data);
    source->owner_.on_wake(source->watch_, status, seen);
  }));
}

void PollSource::stop() { uv_poll_stop(&poll_); }

void PollSource::set_ref(bool ref) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&poll_);
  if (ref) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
}

void PollSource::drop() {
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    auto* source = static_cast<PollSource*>(handle->data);
    SourceOwner& owner = source->owner_;
    delete source;
    owner.on_closed();
  });
}

}  // namespace coroipc::libuv
