#include "client/classic_session.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "sys/clock.h"

namespace coroipc::client {

namespace {

// A server that died posts nothing, so a sleeping caller looks at the socket this often.
constexpr int64_t kLookNs = 2'000'000;

}  // namespace

sys::Result<std::unique_ptr<Session>> ClassicSession::begin(const Options& options, sys::Fd socket,
                                                            const sys::Credentials& server,
                                                            sys::SemaphoreWatch& watch) {
  std::unique_ptr<ClassicSession> session(
      new ClassicSession(options, std::move(socket), server, watch));
  auto channel = wire::classic::ClassicClientChannel::make(*options.classic, options.service,
                                                           options.sizes, session->socket_);
  if (!channel.ok()) return channel.failure();
  session->channel_ = std::move(channel.value());
  return std::unique_ptr<Session>(std::move(session));
}

ClassicSession::~ClassicSession() {
  watch_.remove(watched_);
  if (connected_ && (channel_->opened() || server_gone())) channel_->take_names_back();
  // A user who closed the duplicate may have another file under its number by now.
  if (user_fd_.open() && !sys::same_file(user_fd_, socket_)) user_fd_.leave();
}

short ClassicSession::handshake_events() const {
  return setup_sent_ < channel_->setup_message().size() ? POLLOUT : POLLIN;
}

sys::Result<bool> ClassicSession::advance() {
  using State = sys::Transfer::State;
  const std::vector<std::byte>& setup = channel_->setup_message();
  while (setup_sent_ < setup.size()) {
    const sys::Transfer sent = sys::send(socket_, std::span(setup).subspan(setup_sent_));
    // A server that refuses may hang up before it has read all; its answer is there all the same.
    if (sent.state == State::kOver) break;
    if (sent.state == State::kWouldBlock) return false;
    setup_sent_ += sent.bytes;
  }
  wire::classic::SetupAnswer answer{};
  while (setup_answer_.size() < sizeof answer) {
    std::array<std::byte, sizeof answer> bytes;
    const sys::Transfer got =
        sys::receive(socket_, std::span(bytes).first(sizeof answer - setup_answer_.size()));
    if (got.state == State::kOver) return sys::Failure{Status::kErrLibrary, ECONNRESET, "recv"};
    if (got.state == State::kWouldBlock) return false;
    setup_answer_.insert(setup_answer_.end(), bytes.begin(),
                         bytes.begin() + static_cast<std::ptrdiff_t>(got.bytes));
  }
  std::memcpy(&answer, setup_answer_.data(), sizeof answer);
  const auto status = static_cast<Status>(answer.error);
  if (status != Status::kOk) return sys::Failure{status};
  channel_->established();
  connected_ = true;
  return true;
}

sys::Result<int> ClassicSession::user_fd() {
  if (!user_fd_.open()) {
    sys::Result<sys::Fd> copy = sys::duplicate(socket_);
    if (!copy.ok()) return copy.failure();
    user_fd_ = std::move(copy.value());
  }
  return user_fd_.get();
}

sys::Outcome ClassicSession::ensure_bell() {
  if (bell_ != nullptr) return sys::Nothing{};
  auto bell = sys::WatchBell::make();
  if (!bell.ok()) return bell.failure();
  auto watched = watch_.add(&channel_->reply_posted(), channel_->memory(), bell.value(), 0);
  if (!watched.ok()) return watched.failure();
  watched_ = watched.value();
  bell_ = std::move(bell.value());
  return sys::Nothing{};
}

sys::Result<int> ClassicSession::bell_fd() {
  if (sys::Outcome ready = ensure_bell(); !ready.ok()) return ready.failure();
  return bell_->fd();
}

Status ClassicSession::send(wire::Parts parts, uint64_t& token) {
  if (outstanding_) return Status::kErrBusy;
  if (wire::total_size(parts) > channel_->request_bytes()) return Status::kErrInvalidParam;
  outstanding_ = true;
  answer_size_ = 0;
  token = ++token_;
  if (late_ && poll_answer() == Poll::kNothing && late_) {
    deferred_.emplace(wire::total_size(parts));
    wire::copy_parts(parts, deferred_->data());
  } else {
    channel_->send(parts);
  }
  return Status::kOk;
}

// Takes what answer there is. A late one is dropped, and makes way for the request that waits.
ClassicSession::Poll ClassicSession::poll_answer() {
  for (;;) {
    uint32_t size = 0;
    switch (channel_->take_reply(size)) {
      case wire::Reply::kNothing:
        return Poll::kNothing;
      case wire::Reply::kOver:
        return Poll::kOver;
      case wire::Reply::kThere:
        break;
    }
    if (!late_) {
      // An answer that nobody asked for is a stray post; the next call must not take it for its.
      if (!outstanding_) continue;
      outstanding_ = false;
      answer_size_ = size;
      return Poll::kThere;
    }
    late_ = false;
    ++late_answers_;
    if (!deferred_.has_value()) return Poll::kNothing;
    const wire::Bytes bytes = *deferred_;
    channel_->send(std::span(&bytes, 1));
    deferred_.reset();
  }
}

bool ClassicSession::server_gone() const {
  pollfd entry{socket_.get(), 0, 0};
  return poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

Status ClassicSession::await(uint64_t token, int64_t deadline_ns, uint32_t& size) {
  if (!outstanding_ || token != token_) return Status::kErrBadOperation;
  (void)answer_spinner_.wait([&] { return channel_->reply_ready(); });
  for (;;) {
    const Status looked = look(size);
    if (looked != Status::kErrTryAgain) return looked;
    if (server_gone()) {
      // Once more: what a server posted before it died still counts.
      const Status last = look(size);
      if (last == Status::kErrTryAgain) outstanding_ = false;
      return last == Status::kErrTryAgain ? Status::kErrLibrary : last;
    }
    const int64_t now = sys::now_ns();
    if (now >= deadline_ns) return Status::kErrTimeout;
    channel_->reply_posted().wait(std::min(kLookNs, deadline_ns - now));
    if (!channel_->reply_ready() && interrupted()) return Status::kErrInterrupt;
  }
}

// kErrTryAgain: the answer is not there yet.
Status ClassicSession::look(uint32_t& size) {
  switch (poll_answer()) {
    case Poll::kNothing:
      return Status::kErrTryAgain;
    case Poll::kThere:
      size = answer_size_;
      return Status::kOk;
    case Poll::kOver:
      break;
  }
  outstanding_ = false;
  return Status::kErrLibrary;
}

Status ClassicSession::answer(uint64_t& token, uint32_t& size) {
  token = token_;
  size = answer_size_;
  if (answer_size_ > 0) return Status::kOk;
  if (!outstanding_ && !late_) return Status::kErrTryAgain;
  return look(size);
}

size_t ClassicSession::read_answer(std::span<std::byte> into) const {
  const size_t copied = std::min<size_t>(answer_size_, into.size());
  if (copied > 0) std::memcpy(into.data(), channel_->response_memory()->data(), copied);
  return copied;
}

std::span<const std::byte> ClassicSession::answer_payload() const {
  constexpr size_t kHeader = sizeof(wire::ResponseHeader);
  if (answer_size_ < kHeader) return {};
  return {channel_->response_memory()->data() + kHeader, answer_size_ - kHeader};
}

void ClassicSession::abandon(uint64_t token) {
  if (!outstanding_ || token != token_) return;
  outstanding_ = false;
  // A request that never went out leaves nothing behind; the late answer is still that of before.
  if (deferred_.has_value()) {
    deferred_.reset();
  } else {
    late_ = true;
  }
}

Wants ClassicSession::sleep(Wants wants) {
  if ((wants & kWantsAnswers) == 0 || (!outstanding_ && !late_)) return 0;
  // Without a bell there is only looking again.
  if (!ensure_bell().ok()) return kWantsAnswers;
  std::vector<uint64_t> fired;
  bell_->take_fired(fired);
  return channel_->reply_ready() || !watch_.arm(watched_) ? kWantsAnswers : 0;
}

// The bell may have rung for an answer that was taken before: it must not stay readable.
bool ClassicSession::hear() {
  if (bell_ == nullptr) return true;
  std::vector<uint64_t> fired;
  bell_->take_fired(fired);
  return true;
}

std::optional<InPlace> ClassicSession::answer_in_place() const {
  return InPlace{channel_->response_memory(), 0};
}

std::optional<InPlace> ClassicSession::message_in_place() const {
  return InPlace{channel_->ring_memory(), channel_->message_offset()};
}

size_t ClassicSession::read_message(std::span<std::byte> into) const {
  const uint32_t size = channel_->message_size();
  const size_t copied = std::min<size_t>(size, into.size());
  if (copied == 0) return 0;
  std::memcpy(into.data(), channel_->ring_memory()->data() + channel_->message_offset(), copied);
  // It was checked; what the server may have written there since was not.
  std::memcpy(into.data(), &size, std::min(copied, sizeof size));
  return copied;
}

Session::Taken ClassicSession::take_messages(std::span<std::byte> room, uint64_t most,
                                             size_t largest) {
  Taken taken;
  for (; taken.count < most; ++taken.count) {
    uint32_t size = 0;
    if (look_for_message(size) != Status::kOk || size > largest || size > room.size()) break;
    (void)read_message(room);
    (void)put();
    const size_t bytes = std::min(room.size(), wire::up_to_next(size));
    room = room.subspan(bytes);
    taken.bytes += bytes;
  }
  return taken;
}

Status ClassicSession::look_for_message(uint32_t& size) {
  switch (channel_->next(size)) {
    case wire::Next::kMessage:
      return Status::kOk;
    case wire::Next::kOver:
      return channel_->said_goodbye() ? Status::kErrInShutdown : Status::kErrLibrary;
    case wire::Next::kNothing:
      break;
  }
  return Status::kErrTryAgain;
}

Status ClassicSession::next(int64_t deadline_ns, uint32_t& size) {
  for (bool late = false;;) {
    const Status found = look_for_message(size);
    if (found != Status::kErrTryAgain) return found;
    // A server whose event bytes stand for no message keeps the socket readable.
    if (late) return Status::kErrTimeout;
    late = sys::now_ns() >= deadline_ns;
    if (const Status waited = wait_for_socket(POLLIN, deadline_ns); waited != Status::kOk)
      return waited;
  }
}

}  // namespace coroipc::client
