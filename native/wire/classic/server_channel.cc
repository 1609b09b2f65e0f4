#include "wire/classic/server_channel.h"

#include <algorithm>

#include "sys/shm_file.h"

namespace coroipc::wire::classic {

sys::Result<std::unique_ptr<ServerChannel>> ClassicServerChannel::open(const Setup& setup,
                                                                       const sys::Fd& socket,
                                                                       uid_t owner,
                                                                       const ChannelLimits& limits,
                                                                       const WatchPlace& place) {
  sys::Result<Files> files = map_files(setup, owner, limits);
  if (!files.ok()) return files.failure();
  std::unique_ptr<ClassicServerChannel> channel(new ClassicServerChannel(
      setup, socket, std::move(files.value()), owner, limits, place.watch));
  Control& control = channel->control_;
  auto watched = place.watch.add(&control.wake(), control.memory(), place.bell, place.token);
  if (!watched.ok()) return watched.failure();
  channel->watched_ = watched.value();
  return std::unique_ptr<ServerChannel>(std::move(channel));
}

ClassicServerChannel::~ClassicServerChannel() { watch_.remove(watched_); }

sys::Result<ClassicServerChannel::Files> ClassicServerChannel::map_files(
    const Setup& setup, uid_t owner, const ChannelLimits& limits) {
  constexpr size_t kPage = 4096;
  const auto& sizes = setup.sizes;
  if (sizes[kControlFile] != kControlBytes || sizes[kRequestFile] < sizeof(RequestHeader) ||
      sizes[kResponseFile] < sizeof(ResponseHeader) || sizes[kDispatchFile] < kPage ||
      sizes[kDispatchFile] != sys::round_up_to_pages(sizes[kDispatchFile]))
    return sys::Failure{Status::kErrInvalidParam};
  Files files;
  for (size_t file = 0; file < kFiles; ++file) {
    const size_t bytes = sizes[file];
    if (bytes > limits.max_buffer_bytes) return sys::Failure{Status::kErrTooBig};
    sys::Result<sys::Fd> fd = sys::open_peer_file(setup.paths[file], owner, bytes);
    if (!fd.ok()) return fd.failure();
    sys::Result<sys::Mapping> mapping = file == kDispatchFile
                                            ? sys::Mapping::ring(fd.value(), bytes)
                                            : sys::Mapping::whole(fd.value(), bytes);
    if (!mapping.ok()) return mapping.failure();
    files.mapped[file] = std::make_shared<sys::Mapping>(std::move(mapping.value()));
  }
  return files;
}

ClassicServerChannel::ClassicServerChannel(const Setup& setup, const sys::Fd& socket, Files files,
                                           uid_t owner, const ChannelLimits& limits,
                                           sys::SemaphoreWatch& watch)
    : socket_(socket),
      watch_(watch),
      control_(files.mapped[kControlFile], setup.generation),
      request_(files.mapped[kRequestFile]),
      response_(files.mapped[kResponseFile]),
      dispatch_(files.mapped[kDispatchFile]),
      ring_(control_.ring(static_cast<uint32_t>(dispatch_->size() / 2))),
      zero_copy_(owner, limits.max_zero_copy_buffers, limits.max_buffer_bytes,
                 limits.max_zero_copy_bytes) {}

bool ClassicServerChannel::torn() const {
  return control_.memory()->torn() || request_->torn() || response_->torn() || dispatch_->torn();
}

bool ClassicServerChannel::ready(bool takes_requests) const {
  return (takes_requests && !answering_ && control_.request().available()) ||
         (!old() && control_.wake().available());
}

Take ClassicServerChannel::take(Request& request) {
  if (torn()) return Take::kBreach;
  if (answering_ || !control_.request().try_take()) return Take::kNothing;
  return take_request_buffer(request);
}

Take ClassicServerChannel::take_request_buffer(Request& request) {
  taken_ = copy_out<RequestHeader>(request_->data());
  taken_view_.reset();
  if (taken_.size < 0 || static_cast<size_t>(taken_.size) < sizeof taken_ ||
      static_cast<size_t>(taken_.size) > request_->size() || torn())
    return Take::kBreach;
  answering_ = true;
  ++taken_token_;
  if (taken_.id >= kZcbExecute && taken_.id <= kZcbAlloc) return take_zero_copy(request);
  request = {taken_token_, taken_.id, static_cast<uint32_t>(taken_.size), false};
  return Take::kRequest;
}

Take ClassicServerChannel::take_zero_copy(Request& request) {
  const int32_t id = taken_.id;
  const size_t wanted = id == kZcbAlloc  ? sizeof(ZcbAllocMessage)
                        : id == kZcbFree ? sizeof(ZcbFreeMessage)
                                         : sizeof(ZcbExecuteMessage);
  // The header's size is what the client says; the buffer is what is mapped. Both must reach.
  if (request_->size() < wanted || static_cast<size_t>(taken_.size) < wanted) return Take::kBreach;
  if (id == kZcbAlloc) {
    answer_status(id, zero_copy_.alloc(copy_out<ZcbAllocMessage>(request_->data())));
    return Take::kServed;
  }
  if (id == kZcbFree) {
    answer_status(id, zero_copy_.free(copy_out<ZcbFreeMessage>(request_->data())));
    return Take::kServed;
  }
  std::optional<ZeroCopyBuffers::Found> found =
      zero_copy_.find(copy_out<ZcbExecuteMessage>(request_->data()));
  if (!found.has_value()) {
    answer_status(id, Status::kErrInvalidParam);
    return Take::kServed;
  }
  taken_ = found->header;
  taken_view_ = std::move(found->view);
  request = {taken_token_, taken_.id, static_cast<uint32_t>(taken_.size), true};
  return Take::kRequest;
}

void ClassicServerChannel::answer_status(int32_t id, Status status) {
  const ResponseHeader header{sizeof header, id, static_cast<int32_t>(status)};
  const Bytes bytes = std::as_bytes(std::span(&header, 1));
  answer(std::span(&bytes, 1));
}

void ClassicServerChannel::read_request(std::span<std::byte> into) const {
  const size_t size = static_cast<size_t>(taken_.size);
  const std::byte* from =
      taken_view_.has_value() ? taken_view_->memory.data + taken_view_->offset : request_->data();
  std::memcpy(into.data(), from, size);
  // The header was checked; what the peer may have written over it since was not.
  std::memcpy(into.data(), &taken_, sizeof taken_);
}

std::optional<SharedView> ClassicServerChannel::request_view() const { return taken_view_; }

Publish ClassicServerChannel::respond(uint64_t, Parts parts) {
  answer(parts);
  return Publish::kDone;
}

void ClassicServerChannel::answer(Parts parts) {
  copy_parts(parts, response_->data());
  answering_ = false;
  taken_view_.reset();
  control_.response().post();
}

Publish ClassicServerChannel::publish(Parts parts, bool from_queue) {
  const uint32_t read = control_.read_index();
  if (!ring_.valid(read) || torn()) return Publish::kBreach;
  const uint32_t bytes = static_cast<uint32_t>(total_size(parts));
  if (ring_.usable(read, write_index_) < bytes) return Publish::kNoRoom;
  copy_parts(parts, dispatch_->data() + write_index_);
  write_index_ = ring_.after(write_index_, bytes);
  control_.set_write_index(write_index_);
  // Posted before the event byte, so that no client that heard the byte has to wait for it.
  control_.dispatch().post();
  const uint8_t byte = old() ? (from_queue ? kMessageFromQueue12 : kMessage12)
                             : (from_queue ? kMessageFromQueue14 : kMessage14);
  if (owes() || !send_byte(byte)) ++owed_messages_;
  return Publish::kDone;
}

bool ClassicServerChannel::has_room(size_t bytes) {
  const uint32_t read = control_.read_index();
  // What is published next finds the breach.
  return !ring_.valid(read) || ring_.usable(read, write_index_) >= bytes;
}

void ClassicServerChannel::backlog_began() {
  backlog_ = true;
  control_.set_flow_controlled(true);
  if (old()) send_notice(kQueueBegan12);
}

void ClassicServerChannel::backlog_ended() {
  backlog_ = false;
  control_.set_flow_controlled(false);
}

void ClassicServerChannel::answer_flush() {
  if (old()) send_notice(kQueueEmpty12);
}

bool ClassicServerChannel::send_byte(uint8_t byte) {
  const std::byte value{byte};
  return sys::send(socket_, std::span(&value, 1)).state == sys::Transfer::State::kSome;
}

void ClassicServerChannel::send_notice(uint8_t byte) {
  if (owes() || !send_byte(byte)) owed_notice_ = byte;
}

void ClassicServerChannel::pay() {
  const uint8_t byte = old() ? (backlog_ ? kMessageFromQueue12 : kMessage12) : kMessageFromQueue14;
  while (owed_messages_ > 0) {
    if (!send_byte(byte)) return;
    --owed_messages_;
  }
  if (owed_notice_.has_value() && send_byte(*owed_notice_)) owed_notice_.reset();
}

Heard ClassicServerChannel::listen() {
  Heard heard;
  std::array<std::byte, 64> bytes;
  const sys::Transfer got = sys::receive(socket_, bytes);
  heard.over = got.state == sys::Transfer::State::kOver;
  // Touched, so that a file without this page is found out.
  (void)control_.read_index();
  heard.breach = torn();
  for (size_t i = 0; i < got.bytes; ++i) {
    if (skip_ > 0) {
      --skip_;
    } else if (bytes[i] == std::byte{kChangeUser}) {
      skip_ = kChangeUserBody;
    } else if (bytes[i] == std::byte{kFlush}) {
      heard.flush = true;
    }
  }
  return heard;
}

bool ClassicServerChannel::sleep(bool takes_requests) {
  // While an answer is owed, a client of the old generation has nothing to say here.
  if (!takes_requests && old()) return true;
  return watch_.arm(watched_);
}

bool ClassicServerChannel::room_made() {
  // In generation 1.2 the wake-ups are the requests themselves, and flushes come by socket.
  return !old() && control_.wake().take_all() != 0;
}

void ClassicServerChannel::say_goodbye() {
  control_.set_closed();
  // A client of 1.4 finds the flag when its wait ends. One of 1.2 knows no flag: an answer that
  // carries an error is what ends its call, and a post without one would be taken for an answer.
  if (!old()) {
    control_.response().post();
  } else if (answering_) {
    answer_status(taken_.id, Status::kErrLibrary);
  }
  control_.dispatch().post();
}

}  // namespace coroipc::wire::classic
