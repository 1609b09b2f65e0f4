// A client, of either wire, before a server that follows the script, from the first byte of the
// handshake on: any bytes and descriptors, then any words, records, notes and posts. Meanwhile the
// client does all that a client can do, and waits for nothing. What it is given lies within what
// the server sent; when it is gone, nothing is left of it.
#include <unistd.h>

#include <vector>

#include "client/session.h"
#include "fuzz/classic_files.h"
#include "fuzz/descriptors.h"
#include "fuzz/hostile.h"
#include "sys/clock.h"
#include "sys/listener.h"
#include "wire/native/buffer_note.h"
#include "wire/native/memory.h"

namespace coroipc::fuzz {
namespace {

namespace native = wire::native;
using client::Session;
using wire::classic::Generation;

constexpr size_t kMostBytes = size_t{1} << 16;

const std::string& name() {
  static const std::string made = "coroipc-fuzz-client-" + std::to_string(getpid());
  return made;
}

// The server, which keeps to nothing.
class HostileServer {
 public:
  explicit HostileServer(sys::Fd socket) : socket_(std::move(socket)) {}
  HostileServer(const HostileServer&) = delete;
  HostileServer& operator=(const HostileServer&) = delete;
  // A client leaves its files to a server that said yes, which takes their names away.
  ~HostileServer() {
    if (!classic_.has_value()) return;
    for (const std::string& path : classic_->setup.paths) unlink(path.c_str());
  }

  // The files are the client's, by the names that it tells.
  void hear_setup() {
    wire::classic::SetupReader reader;
    DEMAND(reader.read(socket_) == wire::classic::SetupReader::State::kComplete);
    classic_.emplace(reader.setup());
  }

  void step(Input& input, bool is_native) {
    const uint32_t what = input.below(10);
    switch (what) {
      case 0:
        return say(socket_, input.bytes(input.below(80)));
      case 1:
        return say_with_file(input, socket_, input.bytes(input.below(80)), 4096);
      case 2:
        return is_native ? welcome(input) : answer_setup(input);
      case 3:
        if (is_native) return ready(input);
        break;
      case 4:
        if (input.below(8) == 7) return sys::hang_up(socket_);
        break;
      default:
        break;
    }
    if (is_native && ours_.control() != nullptr) return native_step(input, what);
    if (classic_.has_value()) return classic_step(input, what);
  }

 private:
  void welcome(Input& input) {
    std::byte hello[native::kHelloBytes];
    (void)sys::receive(socket_, hello);
    native::Welcome welcome{native::kVersion, 1, {kRingBytes, kRingBytes, kRingBytes, 4}};
    if (input.below(8) == 7) welcome.version = input.number<uint16_t>();
    if (input.below(8) == 7) welcome.status = input.number<int8_t>();
    if (input.below(8) == 7) welcome.granted.dispatch_ring = input.near<uint64_t>(kRingBytes);
    const auto bytes = native::encode(welcome);
    if (input.below(8) == 7) return say_with_file(input, socket_, bytes, 3 * kRingBytes);
    auto made =
        sys::SealedMemory::make(native::server_rings({kRingBytes, kRingBytes, kRingBytes, 4}));
    DEMAND(made.ok());
    (void)sys::send_file(socket_, bytes, made.value().file());
    made.value().close_file();
    ours_ = std::move(made.value());
    side_ = {ours_.control(), {ours_.ring(0), ours_.ring(1)}, {}};
  }

  void ready(Input& input) {
    std::byte attach[native::kNoteBytes];
    (void)sys::receive_file(socket_, attach);
    say(socket_, native::encode_ready(input.below(8) == 7 ? input.number<int8_t>() : 1));
  }

  void native_step(Input& input, uint32_t what) {
    constexpr size_t kHeader = sizeof(wire::ResponseHeader);
    switch (what) {
      case 5:
        return publish(input, side_, 0, {0, 1 + uint64_t{input.below(8)}, kHeader});
      case 6:
        return publish(input, side_, 1, {0, ++dispatched_, kHeader});
      case 7:
        return input.below(2) == 0
                   ? publish_place(input, side_, 0, {1, 1 + uint64_t{input.below(8)}, kHeader})
                   : publish_place(input, side_, 1, {1, ++dispatched_, kHeader});
      case 8:
        return say_note(input, socket_);
      case 9:
        return spoil(input, side_);
      default:
        return say(socket_, std::span(&native::kDoorbell, 1));
    }
  }

  void answer_setup(Input& input) {
    const wire::classic::SetupAnswer answer{input.below(8) == 7 ? input.number<int8_t>() : 1, 0};
    say(socket_, std::as_bytes(std::span(&answer, 1)));
  }

  void classic_step(Input& input, uint32_t what) const {
    switch (what) {
      case 5:
      case 6:
        return classic_->respond(input);
      case 7:
      case 8:
        classic_->dispatch(input);
        return say(socket_, input.bytes(1));
      default:
        return classic_->spoil(input);
    }
  }

  sys::Fd socket_;
  sys::SealedMemory ours_;
  Side side_;
  uint64_t dispatched_ = 0;
  std::optional<ClassicFiles> classic_;
};

class Play {
 public:
  Play(Input& input, const sys::Listener& listener, sys::SemaphoreWatch& watch) : input_(input) {
    client::Options options;
    options.name = name();
    options.sizes = {2048, 2048, kRingBytes};
    options.max_in_flight = 4;
    options.max_buffers = 4;
    options.max_buffer_bytes = kMostBytes;
    const uint32_t wire = input_.below(3);
    if (wire != 0) options.classic = wire == 1 ? Generation::k12 : Generation::k14;
    is_native_ = wire == 0;
    auto begun = Session::begin(options, watch);
    DEMAND(begun.ok());
    session_ = std::move(begun.value());
    auto accepted = sys::accept_one(listener.fd());
    DEMAND(accepted.ok());
    server_.emplace(std::move(accepted.value()));
    if (is_native_) return;
    DEMAND(session_->advance().ok());
    server_->hear_setup();
  }

  void run() {
    for (int steps = 0; input_.more() && !over_ && steps < 400; ++steps) {
      if (!session_->connected()) {
        over_ = !session_->advance().ok();
        if (!over_) server_->step(input_, is_native_);
      } else if (input_.below(2) == 0) {
        server_->step(input_, is_native_);
      } else {
        client_step();
      }
    }
  }

 private:
  void client_step() {
    switch (input_.below(15)) {
      case 0:
        return send();
      case 1:
        return see_answer(session_->answer(token_, size_));
      case 2:
        return see_answer(session_->await(some_token(), sys::now_ns(), size_));
      case 3:
        return session_->answer_done();
      case 4:
        return session_->abandon(some_token());
      case 5:
        return see_message(session_->look_for_message(size_));
      case 6:
        return see_message(session_->next(sys::now_ns(), size_));
      case 7:
        (void)session_->put();
        return;
      case 8:
        over_ = !session_->hear();
        (void)session_->take_attention();
        return;
      case 9:
        (void)session_->sleep(input_.byte() & 7);
        return;
      case 10:
        (void)session_->await_room(sys::now_ns());
        (void)session_->flow_controlled();
        return;
      case 11:
        (void)session_->user_fd();
        return session_->settle();
      case 12:
        return keep();
      case 14:
        return take();
      default:
        return zero_copy();
    }
  }

  [[nodiscard]] uint64_t some_token() { return sent_ - std::min<uint64_t>(sent_, input_.below(4)); }

  void send() {
    const wire::Bytes part = some_message(input_.number<uint16_t>() % kRingBytes);
    if (session_->send(wire::Parts(&part, 1), token_) == Status::kOk) sent_ = token_;
  }

  // What is found can be read, as much as it is said to be.
  void see_answer(Status found) {
    if (found == Status::kErrLibrary) over_ = true;
    if (found != Status::kOk) return;
    DEMAND(size_ >= sizeof(wire::ResponseHeader) && size_ <= kMostBytes);
    DEMAND(session_->answer_size() == size_);
    std::vector<std::byte> bytes(size_);
    DEMAND(session_->read_answer(bytes) == size_);
    const std::optional<client::InPlace> place = session_->answer_in_place();
    if (place.has_value()) DEMAND(place->offset + size_ <= place->memory->size());
    check(session_->answer_in_buffer());
  }

  void see_message(Status found) {
    if (found == Status::kErrLibrary || found == Status::kErrInShutdown) over_ = true;
    if (found != Status::kOk) return;
    DEMAND(size_ >= sizeof(wire::ResponseHeader) && size_ <= kMostBytes);
    std::vector<std::byte> bytes(size_);
    DEMAND(session_->read_message(bytes) == size_);
    const std::optional<client::InPlace> place = session_->message_in_place();
    if (place.has_value()) DEMAND(place->offset + size_ <= place->memory->size());
    check(session_->message_in_buffer());
  }

  // What was taken can be found again by what its headers say.
  void take() {
    std::vector<std::byte> room(input_.number<uint16_t>() % kMostBytes);
    const size_t largest = room.size() / 2;
    const Session::Taken taken = session_->take_messages(room, input_.below(8), largest);
    DEMAND(taken.bytes <= room.size());
    size_t at = 0;
    for (uint32_t left = taken.count; left > 0; --left) {
      DEMAND(at + sizeof(wire::ResponseHeader) <= taken.bytes);
      const auto header = wire::copy_out<wire::ResponseHeader>(room.data() + at);
      DEMAND(header.size >= static_cast<int32_t>(sizeof header));
      DEMAND(static_cast<size_t>(header.size) <= largest);
      at = std::min(room.size(), wire::up_to_next(at + static_cast<size_t>(header.size)));
    }
    DEMAND(at == taken.bytes);
  }

  void check(const std::optional<client::PlaceInBuffer>& place) {
    if (!place.has_value()) return;
    const auto memory = session_->buffers()->peer_memory(place->number);
    DEMAND(memory.has_value() && place->offset + size_ <= memory->bytes);
  }

  void keep() {
    switch (input_.below(3)) {
      case 0:
        return session_->keep_answer();
      case 1:
        return session_->keep_message();
      default:
        (void)session_->release(input_.below(5));
    }
  }

  void zero_copy() {
    if (input_.below(3) != 2) {
      client::ZeroCopyBuffer made;
      if (session_->zcb_alloc(4000, sys::now_ns(), made).ok()) buffer_ = made;
      return;
    }
    if (buffer_.memory.data == nullptr) return;
    const wire::RequestHeader header{input_.near<int32_t>(64), 1};
    std::memcpy(buffer_.memory.data, &header, sizeof header);
    if (session_->zcb_send(buffer_, token_) == Status::kOk) sent_ = token_;
    if (input_.below(4) == 3 && session_->zcb_free(buffer_, sys::now_ns()) == Status::kOk)
      buffer_ = {};
  }

  Input& input_;
  bool is_native_ = true;
  std::unique_ptr<Session> session_;
  std::optional<HostileServer> server_;
  client::ZeroCopyBuffer buffer_;
  uint64_t token_ = 0;
  uint64_t sent_ = 0;
  uint32_t size_ = 0;
  bool over_ = false;
};

}  // namespace
}  // namespace coroipc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace coroipc;
  static auto listener = sys::Listener::open(fuzz::name(), {}, 4);
  static sys::SemaphoreWatch watch;
  DEMAND(listener.ok());
  const size_t descriptors = fuzz::open_descriptors();
  fuzz::Input input(data, size);
  fuzz::Play(input, listener.value(), watch).run();
  DEMAND(fuzz::open_descriptors() == descriptors);
  DEMAND(watch.threads() == 0);
  return 0;
}
