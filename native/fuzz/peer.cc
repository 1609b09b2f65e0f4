#include "fuzz/peer.h"

#include <sys/socket.h>

#include <utility>

#include "ring/record_ring.h"
#include "wire/native/buffer_note.h"

namespace coroipc::fuzz {

namespace native = wire::native;

Peer::Peer(const std::string& server, const std::string& stem) : stem_(stem) {
  auto connected = sys::connect_to(server);
  DEMAND(connected.ok());
  socket_ = std::move(connected.value());
}

void Peer::step(Input& input) {
  const uint32_t what = input.below(16);
  switch (what) {
    case 0:
      return hello(input);
    case 1:
      return attach(input);
    case 2:
      return setup(input);
    case 3:
      return say(socket_, input.bytes(input.below(80)));
    case 4:
      return say_with_file(input, socket_, input.bytes(input.below(80)), 4096);
    case 5:
      shutdown(socket_.get(), input.below(2) == 0 ? SHUT_WR : SHUT_RDWR);
      return;
    default:
      if (attached_) return native_step(input, what);
      if (classic_.has_value()) return classic_step(input, what);
  }
}

void Peer::hello(Input& input) {
  native::Hello hello;
  hello.service = input.below(4);
  hello.wanted = {kRingBytes, kRingBytes, kRingBytes, input.below(8)};
  if (input.below(8) == 7) hello.wanted.request_ring = input.number<uint64_t>();
  if (input.below(16) == 7) hello.least_version = input.number<uint16_t>();
  say(socket_, native::encode(hello));
}

void Peer::hear() {
  for (;;) {
    std::byte rest[256];
    const std::span<std::byte> room =
        filled_ < heard_.size() ? std::span(heard_).subspan(filled_) : std::span<std::byte>(rest);
    sys::FileTransfer got = sys::receive_file(socket_, room);
    if (got.transfer.state != sys::Transfer::State::kSome) break;
    if (filled_ < heard_.size()) filled_ += got.transfer.bytes;
    if (got.file.open() && !file_.open()) file_ = std::move(got.file);
  }
  if (filled_ < heard_.size() || granted_.request_ring != 0) return;
  const std::optional<native::Welcome> welcome = native::decode_welcome(heard_);
  if (!welcome.has_value() || welcome->status != static_cast<int32_t>(Status::kOk)) return;
  // What an honest server hands over is right.
  granted_ = welcome->granted;
  auto taken = sys::SealedMemory::take(std::move(file_), native::server_rings(granted_));
  DEMAND(taken.ok());
  theirs_ = std::move(taken.value());
}

void Peer::attach(Input& input) {
  const auto note = native::encode_attach();
  if (granted_.request_ring == 0 || input.below(8) == 7)
    return say_with_file(input, socket_, note, 2 * kRingBytes);
  auto made = sys::SealedMemory::make(native::client_rings(granted_));
  DEMAND(made.ok());
  (void)sys::send_file(socket_, note, made.value().file());
  made.value().close_file();
  ours_ = std::move(made.value());
  side_ = {ours_.control(), {ours_.ring(0), nullptr}, {}};
  attached_ = true;
}

void Peer::setup(Input& input) {
  const auto generation =
      input.below(2) == 0 ? wire::classic::Generation::k12 : wire::classic::Generation::k14;
  classic_.emplace(generation, input.below(4));
  std::vector<std::byte> message;
  DEMAND(wire::classic::encode_setup(classic_->setup, message));
  if (input.below(8) == 7) message[input.number<uint16_t>() % message.size()] = std::byte{1};
  say(socket_, message);
}

void Peer::native_step(Input& input, uint32_t what) {
  switch (what) {
    case 6:
    case 7:
      return publish(input, side_, 0, {0, ++sent_});
    case 8:
      return publish_place(input, side_, 0, {1, ++sent_});
    case 9:
      return say_note(input, socket_);
    case 10:
      return spoil(input, side_);
    case 11:
      return drain();
    case 12: {
      // What it sleeps for, so that the server rings.
      const uint32_t word = input.number<uint16_t>();
      std::memcpy(side_.words + offsetof(native::ClientWords, sleep), &word, sizeof word);
      return;
    }
    default:
      return say(socket_, std::span(&native::kDoorbell, 1));
  }
}

void Peer::classic_step(Input& input, uint32_t what) {
  switch (what) {
    case 6:
    case 7:
    case 8:
      posted_ = true;
      return classic_->request(input, stem_);
    case 9:
    case 10:
      return classic_->spoil(input);
    case 11:
      return classic_->drain();
    default: {
      const std::byte flush{wire::classic::kFlush};
      return say(socket_, std::span(&flush, 1));
    }
  }
}

void Peer::drain() {
  native::ClientWords& ours = native::client_words(ours_);
  const auto take_all = [](ring::RecordConsumer ring) {
    for (ring::RecordView view; ring.look(view) == ring::RecordConsumer::Look::kRecord;) ring.pop();
  };
  take_all({theirs_.ring(0), granted_.response_ring, &ours.response_head, responses_});
  take_all({theirs_.ring(1), granted_.dispatch_ring, &ours.dispatch_head, dispatches_});
}

}  // namespace coroipc::fuzz
