#include "wire/classic/client_channel.h"

namespace coroipc::wire::classic {

namespace {

// Event bytes without a message that are taken in one go: a server may send them without end.
constexpr int kMostEvents = 64;

}  // namespace

sys::Result<std::unique_ptr<ClassicClientChannel>> ClassicClientChannel::make(
    Generation generation, uint32_t service, const BufferSizes& sizes, const sys::Fd& socket) {
  Setup setup;
  setup.generation = generation;
  setup.service = service;
  setup.sizes = {kControlBytes, sizes.request, sizes.response, sizes.dispatch};
  // Before the first file: should this process be killed, the server removes what it has named so.
  std::string mark = sys::mark(socket);
  Files files;
  Mappings mapped;
  for (size_t file = 0; file < kFiles; ++file) {
    const size_t bytes = setup.sizes[file];
    sys::Result<sys::ShmFile> made = sys::ShmFile::make(kFilePrefixes[file], bytes, mark);
    if (!made.ok()) return made.failure();
    files[file] = std::move(made.value());
    setup.paths[file] = files[file].path();
    sys::Result<sys::Mapping> mapping = file == kDispatchFile
                                            ? sys::Mapping::ring(files[file].fd(), bytes)
                                            : sys::Mapping::whole(files[file].fd(), bytes);
    if (!mapping.ok()) return mapping.failure();
    mapped[file] = std::make_shared<sys::Mapping>(std::move(mapping.value()));
  }
  std::vector<std::byte> message;
  if (!encode_setup(setup, message)) return sys::Failure{Status::kErrNameTooLong};
  return std::unique_ptr<ClassicClientChannel>(new ClassicClientChannel(
      generation, socket, std::move(mark), std::move(files), mapped, std::move(message)));
}

ClassicClientChannel::ClassicClientChannel(Generation generation, const sys::Fd& socket,
                                           std::string mark, Files files, const Mappings& mapped,
                                           std::vector<std::byte> setup_message)
    : socket_(socket),
      mark_(std::move(mark)),
      files_(std::move(files)),
      setup_message_(std::move(setup_message)),
      control_(mapped[kControlFile], generation),
      request_(mapped[kRequestFile]),
      response_(mapped[kResponseFile]),
      dispatch_(mapped[kDispatchFile]),
      ring_(control_.ring(static_cast<uint32_t>(dispatch_->size() / 2))) {
  control_.init_semaphores();
}

void ClassicClientChannel::send(Parts parts) {
  copy_parts(parts, request_->data());
  // Nothing is outstanding, so a post that is there belongs to no answer.
  control_.response().take_all();
  control_.request().post();
  // In generation 1.2 that was the wake-up, too.
  if (!old()) control_.wake().post();
}

Reply ClassicClientChannel::take_reply(uint32_t& size) {
  if (!control_.response().try_take()) return Reply::kNothing;
  opened_ = true;
  // A server of 1.4 that closes posts without an answer.
  if (control_.closed()) return Reply::kOver;
  const ResponseHeader header = copy_out<ResponseHeader>(response_->data());
  if (header.size < 0 || static_cast<size_t>(header.size) < sizeof header ||
      static_cast<size_t>(header.size) > response_->size() || response_->torn())
    return Reply::kOver;
  size = static_cast<uint32_t>(header.size);
  return Reply::kThere;
}

Next ClassicClientChannel::next(uint32_t& size) {
  if (breached_) return Next::kOver;
  if (owes_flush_) ask_for_flush();
  while (message_size_ == 0) {
    const Next event = read_event();
    if (event != Next::kMessage) {
      // As the originals do before they sleep: whoever queues while much is free is told so.
      if (event == Next::kNothing && control_.flow_controlled()) control_.wake().post();
      return event;
    }
    // Its event byte was read, and would not tell of it again.
    breached_ = look_at_message() == Next::kOver;
    if (breached_) return Next::kOver;
  }
  size = message_size_;
  return Next::kMessage;
}

// Reads event bytes up to one that stands for a message.
Next ClassicClientChannel::read_event() {
  for (int i = 0; i < kMostEvents; ++i) {
    std::byte byte{};
    const sys::Transfer got = sys::receive(socket_, std::span(&byte, 1));
    if (got.state == sys::Transfer::State::kOver) return Next::kOver;
    if (got.state == sys::Transfer::State::kWouldBlock) return Next::kNothing;
    if (!old()) return Next::kMessage;
    const auto value = std::to_integer<uint8_t>(byte);
    server_queues_ = value == kMessageFromQueue12 || value == kQueueBegan12;
    if (value == kMessage12 || value == kMessageFromQueue12) return Next::kMessage;
    if (value == kQueueBegan12) ask_for_flush();
  }
  return Next::kNothing;
}

Next ClassicClientChannel::look_at_message() {
  const uint32_t write = control_.write_index();
  const ResponseHeader header = copy_out<ResponseHeader>(dispatch_->data() + read_index_);
  opened_ = opened_ || write != 0 || header.size != 0 || dispatch_->torn();
  if (!ring_.valid(write) || dispatch_->torn()) return Next::kOver;
  // A server of 1.2.0 may fill the ring to the last byte; the event byte tells that from empty.
  const uint32_t used = ring_.used(read_index_, write);
  const uint32_t available = used == 0 ? ring_.size() : used;
  if (header.size < 0 || static_cast<size_t>(header.size) < sizeof header ||
      static_cast<uint32_t>(header.size) > available)
    return Next::kOver;
  message_size_ = static_cast<uint32_t>(header.size);
  return Next::kMessage;
}

bool ClassicClientChannel::put() {
  if (message_size_ == 0) return false;
  const uint32_t used = ring_.used(read_index_, control_.write_index() % ring_.size());
  read_index_ = ring_.after(read_index_, message_size_);
  message_size_ = 0;
  control_.set_read_index(read_index_);
  // The post that belongs to the message may still be on its way; it says nothing that the event
  // byte did not, so nobody waits for it.
  ++unposted_;
  while (unposted_ > 0 && control_.dispatch().try_take()) --unposted_;
  // Asked for after the room was made, so that a message larger than half the ring is not left
  // behind. In generation 1.4 a server may be about to set its flag; a ring that was well filled
  // is reason enough to look.
  if (old()) {
    if (server_queues_) ask_for_flush();
  } else if (control_.flow_controlled() || used > ring_.size() / 4) {
    control_.wake().post();
  }
  return true;
}

void ClassicClientChannel::ask_for_flush() {
  const std::byte byte{kFlush};
  owes_flush_ = sys::send(socket_, std::span(&byte, 1)).state == sys::Transfer::State::kWouldBlock;
}

bool ClassicClientChannel::flow_controlled() const {
  return old() ? server_queues_ : control_.flow_controlled();
}

}  // namespace coroipc::wire::classic
