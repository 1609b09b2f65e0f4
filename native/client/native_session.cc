#include "client/native_session.h"

#include <poll.h>
#include <sys/epoll.h>

#include "sys/clock.h"

namespace coroipc::client {

namespace native = wire::native;

NativeSession::~NativeSession() {
  if (!user_fd_.open()) return;
  // A user who closed it may have another file under its number by now: only ours watches the
  // socket.
  epoll_event event{};
  event.events = EPOLLIN;
  if (epoll_ctl(user_fd_.get(), EPOLL_CTL_MOD, socket_.get(), &event) != 0) user_fd_.leave();
}

// One fence for all that was sent and for the room that was made: it waits until the server's CPU
// has let go of what was written.
void NativeSession::tell() {
  take_over();
  const native::Wants what = end_->untaken(std::exchange(untold_, 0));
  const native::Wants room = std::exchange(made_room_, false) ? native::kWantsRoom : 0;
  put_bytes_ = 0;
  if (end_->must_ring(what | room)) ring();
}

void NativeSession::ring() const {
  // A server that is gone is found by its hang-up; a socket that is full has bytes to read.
  [[maybe_unused]] const sys::Transfer sent = sys::send(socket_, std::span(&native::kDoorbell, 1));
}

Status NativeSession::send(wire::Parts parts, uint64_t& token) {
  if (wire::total_size(parts) > request_bytes()) return Status::kErrInvalidParam;
  if (over()) return Status::kErrLibrary;
  room_helps_ = true;
  return sent(end_->send(parts, token));
}

Status NativeSession::sent(native::ClientEnd::Put put) {
  using Put = native::ClientEnd::Put;
  if (put == Put::kBreach) end_->shut();
  if (put != Put::kDone) return over() ? Status::kErrLibrary : Status::kErrBusy;
  untold_ |= native::kWantsCalls;
  // One that has long been asleep is woken now; one that falls asleep at this moment, by `tell`.
  if (end_->sees_sleeper(native::kWantsCalls)) ring();
  return Status::kOk;
}

void NativeSession::take_over() {
  const native::Wants untold = std::exchange(end_->memory()->ledger.untold, 0);
  untold_ |= untold & native::kWantsCalls;
  made_room_ = made_room_ || (untold & native::kWantsRoom) != 0;
}

bool NativeSession::untold() {
  take_over();
  return untold_ != 0;
}

std::optional<wire::SharedRings> NativeSession::rings() {
  const std::shared_ptr<native::ClientEnd::Memory>& memory = end_->memory();
  memory->ledger.spins = answer_spinner_.spins() ? 1 : 0;
  return wire::SharedRings{native::shown(memory, memory->ours),
                           native::shown(memory, memory->theirs),
                           native::shown_ledger(memory),
                           nullptr,
                           granted_.request_ring,
                           granted_.response_ring,
                           granted_.dispatch_ring,
                           granted_.in_flight};
}

NativeSession::Found NativeSession::look() {
  using Look = native::ClientEnd::Look;
  for (;;) {
    native::Message message;
    const Look found = end_->response(message);
    if (found == Look::kBreach) end_->shut();
    if (found != Look::kRecord) return over() ? Found::kOver : Found::kNothing;
    if (abandoned_.empty() || abandoned_.erase(message.sequence) == 0) {
      answer_ = message;
      answer_in_ring_ = true;
      return Found::kAnswer;
    }
    ++late_answers_;
    made_room_ = true;
    end_->response_done();
    give_back(message);
  }
}

// Makes way for the next answer of the ring.
void NativeSession::put_aside() {
  if (answer_in_ring_) {
    std::vector<std::byte> message(answer_.size);
    copy(answer_, message);
    aside_.emplace(answer_.sequence, std::move(message));
    answer_done();
  } else {
    answer_ = {};
  }
}

bool NativeSession::find_aside(uint64_t token) {
  const auto found = aside_.find(token);
  if (found == aside_.end()) return false;
  const auto header = wire::copy_out<wire::ResponseHeader>(found->second.data());
  answer_ = {};
  answer_.sequence = token;
  answer_.size = static_cast<uint32_t>(found->second.size());
  answer_.id = header.id;
  answer_.error = header.error;
  answer_.bytes = found->second.data();
  answer_in_ring_ = false;
  return true;
}

Status NativeSession::await(uint64_t token, int64_t deadline_ns, uint32_t& size) {
  if (answer_.size != 0 && answer_.sequence != token) put_aside();
  if (answer_.size != 0 || (!aside_.empty() && find_aside(token))) {
    size = answer_.size;
    return Status::kOk;
  }
  if (!end_->awaits(token)) return Status::kErrBadOperation;
  for (bool spun = false, late = false;;) {
    const Found found = look();
    if (found == Found::kAnswer) {
      if (answer_.sequence == token) {
        size = answer_.size;
        return Status::kOk;
      }
      put_aside();
      continue;
    }
    if (found == Found::kOver) return Status::kErrLibrary;
    if (untold()) tell();
    if (!std::exchange(spun, true) && spin([&] { return end_->response_ready(); })) continue;
    // Whoever keeps the socket readable must not hold the caller up for ever.
    if (late) return Status::kErrTimeout;
    late = sys::now_ns() >= deadline_ns;
    const Status waited = doze(kWantsAnswers, deadline_ns);
    if (waited != Status::kOk) return waited;
  }
}

// An answer frees its request's place, also one that nobody asks for any more.
Status NativeSession::await_room(int64_t deadline_ns) {
  const uint64_t late_before = late_answers_;
  if (answer_.size != 0) put_aside();
  for (bool spun = false, late = false;;) {
    const Found found = look();
    if (found == Found::kOver) return Status::kErrLibrary;
    if (found == Found::kAnswer) put_aside();
    const auto room = [&] { return room_helps_ && end_->room_made(); };
    if (found == Found::kAnswer || late_answers_ != late_before || room()) return Status::kOk;
    if (untold()) tell();
    const auto some = [&] { return end_->response_ready() || room(); };
    if (!std::exchange(spun, true) && spin(some)) continue;
    if (late) return Status::kErrTimeout;
    late = sys::now_ns() >= deadline_ns;
    const Status waited = doze(kWantsAnswers | (room_helps_ ? kWantsRoom : 0), deadline_ns);
    if (waited != Status::kOk) return waited;
  }
}

Status NativeSession::doze(Wants wants, int64_t deadline_ns) {
  const bool loop_slept = loop_wants_ != 0;
  tell();
  if (!end_->doze(wants | loop_wants_)) {
    // Awake, nobody rings: what is there is the loop's if it is not the caller's.
    loop_wants_ = 0;
    attention_ = attention_ || loop_slept;
    return Status::kOk;
  }
  const Status waited = wait_for_socket(POLLIN, deadline_ns);
  if (waited == Status::kOk) (void)hear();
  loop_wants_ = 0;
  attention_ = attention_ || loop_slept;
  end_->wake();
  return waited;
}

Status NativeSession::answer(uint64_t& token, uint32_t& size) {
  if (untold()) tell();
  if (answer_.size != 0) {
    token = answer_.sequence;
  } else if (!aside_.empty()) {
    token = aside_.begin()->first;
    (void)find_aside(token);
  } else {
    const Found found = look();
    if (found == Found::kOver) return Status::kErrLibrary;
    if (found == Found::kNothing) return Status::kErrTryAgain;
    token = answer_.sequence;
  }
  size = answer_.size;
  return Status::kOk;
}

size_t NativeSession::read_answer(std::span<std::byte> into) const { return copy(answer_, into); }

std::span<const std::byte> NativeSession::answer_payload() const {
  constexpr size_t kHeader = sizeof(wire::ResponseHeader);
  if (answer_.size < kHeader) return {};
  return {answer_.bytes + kHeader, answer_.size - kHeader};
}

void NativeSession::answer_done() {
  if (answer_.size == 0) return;
  if (answer_in_ring_) {
    made_room_ = true;
    end_->response_done();
    give_back(answer_);
  } else {
    aside_.erase(answer_.sequence);
  }
  answer_ = {};
}

void NativeSession::abandon(uint64_t token) {
  if (answer_.size != 0 && answer_.sequence == token) {
    answer_done();
    ++late_answers_;
  } else if (aside_.erase(token) > 0) {
    ++late_answers_;
  } else if (end_->awaits(token)) {
    end_->note();
    abandoned_.insert(token);
  }
}

Status NativeSession::look_for_message(uint32_t& size) {
  using Look = native::ClientEnd::Look;
  if (message_spinner_.spins()) distance_.wait();
  const Look found = end_->dispatch(dispatch_);
  if (found == Look::kRecord) {
    distance_.found(1);
    size = dispatch_.size;
    return Status::kOk;
  }
  distance_.found_none();
  dispatch_ = {};
  if (found == Look::kBreach) end_->shut();
  return over() ? Status::kErrLibrary : Status::kErrTryAgain;
}

Status NativeSession::next(int64_t deadline_ns, uint32_t& size) {
  for (bool spun = false;;) {
    const Status found = look_for_message(size);
    if (found != Status::kErrTryAgain) return found;
    const bool last = sys::now_ns() >= deadline_ns;
    if (last) {
      // The socket is read in any case: it tells of the server's end, and must not stay readable.
      if (std::exchange(spun, true)) return Status::kErrTimeout;
      (void)hear();
      continue;
    }
    if (!std::exchange(spun, true) && message_spinner_.wait([&] { return end_->dispatch_ready(); }))
      continue;
    const Status waited = doze(kWantsMessages, deadline_ns);
    if (waited != Status::kOk && !end_->dispatch_ready()) return waited;
  }
}

size_t NativeSession::read_message(std::span<std::byte> into) const {
  return copy(dispatch_, into);
}

bool NativeSession::put() {
  if (dispatch_.size == 0) return false;
  put_bytes_ += dispatch_.size;
  end_->dispatch_done();
  give_back(dispatch_);
  dispatch_ = {};
  made_room_ = true;
  return true;
}

Session::Taken NativeSession::take_messages(std::span<std::byte> room, uint64_t most,
                                            size_t largest) {
  if (message_spinner_.spins()) distance_.wait();
  dispatch_ = {};
  const native::ClientEnd::Taken taken = end_->take_dispatches(room, most, largest);
  distance_.found(taken.count);
  if (taken.all) distance_.found_none();
  put_bytes_ += taken.bytes;
  made_room_ = made_room_ || taken.count > 0;
  return {taken.count, taken.bytes};
}

bool NativeSession::hear() {
  if (exchange_->hear(end_->sleeps()) != native::BufferExchange::Heard::kFine) end_->shut();
  withdraw_given_up();
  loop_wants_ = 0;
  end_->wake();
  return !over();
}

Wants NativeSession::there(Wants wants) const {
  Wants found = 0;
  if ((wants & kWantsAnswers) != 0 && (!aside_.empty() || end_->response_ready()))
    found |= kWantsAnswers;
  if ((wants & kWantsMessages) != 0 && end_->dispatch_ready()) found |= kWantsMessages;
  if ((wants & kWantsRoom) != 0 && end_->room_made()) found |= kWantsRoom;
  return found;
}

Wants NativeSession::sleep(Wants wants) {
  if (untold() || made_room_) tell();
  loop_wants_ = 0;
  if (wants == 0) {
    end_->wake();
    return 0;
  }
  const auto ready = [&] { return there(wants) != 0; };
  const bool found = (wants & kWantsAnswers) != 0 ? spin(ready) : message_spinner_.wait(ready);
  if (found) return there(wants);
  if (!end_->doze(wants) || !aside_.empty()) return there(wants);
  loop_wants_ = wants;
  return 0;
}

sys::Result<int> NativeSession::user_fd() {
  if (user_fd_.open()) return user_fd_.get();
  sys::Result<sys::Bell> bell = sys::Bell::make();
  if (!bell.ok()) return bell.failure();
  sys::Fd set(epoll_create1(EPOLL_CLOEXEC));
  if (!set.open()) return sys::system_failure("epoll_create1");
  for (const int fd : {socket_.get(), bell.value().fd()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (epoll_ctl(set.get(), EPOLL_CTL_ADD, fd, &event) != 0)
      return sys::system_failure("epoll_ctl");
  }
  user_bell_.emplace(std::move(bell.value()));
  user_fd_ = std::move(set);
  return user_fd_.get();
}

void NativeSession::settle() {
  if (!connected()) return;
  // Room for answers is told along with the next request, or before a sleep; room for dispatch
  // messages when it is worth a server's waking up.
  if (put_bytes_ > 0 && (put_bytes_ > granted_.dispatch_ring / 4 || !end_->dispatch_ready()))
    tell();
  if (!user_fd_.open()) return;
  const bool there_is = over() || end_->dispatch_ready() ||
                        (end_->wants() != kWantsMessages && !end_->doze(kWantsMessages));
  if (there_is == user_bell_rung_) return;
  user_bell_rung_ = there_is;
  if (there_is) {
    user_bell_->ring();
  } else {
    user_bell_->silence();
  }
}

}  // namespace coroipc::client
