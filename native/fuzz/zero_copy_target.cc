// The zero-copy buffers of the native wire, at either end, before a peer that says what it likes on
// the socket, sends what descriptors it likes, and puts records that name any buffer and any place.
// What is handed on lies in a buffer that was taken; nothing is unmapped while it is held.
#include <map>
#include <tuple>
#include <vector>

#include "fuzz/descriptors.h"
#include "fuzz/ends.h"
#include "sys/mapping.h"
#include "wire/native/buffer_exchange.h"

namespace coroipc::fuzz {
namespace {

namespace native = wire::native;
using native::BufferExchange;
using native::BufferNoteKind;
using Look = native::ServerEnd::Look;

constexpr uint64_t kMostBytes = uint64_t{1} << 16;

// The end that is tried, server or client, by the same names.
template <class End>
struct Tried {
  static constexpr bool kServer = std::is_same_v<End, native::ServerEnd>;

  explicit Tried(Ends& both)
      : ends(both),
        end([&]() -> End& {
          if constexpr (kServer) {
            return *both.server;
          } else {
            return *both.client;
          }
        }()),
        peer(kServer ? both.clients : both.servers) {}

  Look look(native::Message& message) {
    if constexpr (kServer) {
      return end.request(message);
    } else {
      return end.dispatch(message);
    }
  }

  Ends& ends;
  End& end;
  Side& peer;
};

template <class End>
class Play {
 public:
  explicit Play(Input& input) : input_(input), tried_(ends_) {
    std::tie(socket_, peers_socket_) = socket_pair();
    tried_.end.peer_buffers().set_limits({4, kMostBytes});
    exchange_.emplace(socket_, tried_.end.own_buffers(), tried_.end.peer_buffers());
  }

  void run() {
    while (input_.more() && !over_) step();
  }

 private:
  static constexpr bool kServer = Tried<End>::kServer;

  void step() {
    switch (input_.below(11)) {
      case 0:
        return say_note(input_, peers_socket_);
      case 1:
        return input_.below(2) == 1 ? say_with_file(input_, peers_socket_, input_.bytes(17), 4096)
                                    : say(peers_socket_, input_.bytes(input_.below(40)));
      case 2:
        return hear();
      case 3:
        return publish();
      case 4:
        return spoil(input_, tried_.peer);
      case 5:
        return look();
      case 6:
        return done();
      case 7:
        return make();
      case 8:
        (void)exchange_->withdraw(input_.below(6));
        return;
      case 9:
        return put();
      default:
        return give_back();
    }
  }

  void hear() {
    over_ = exchange_->hear(UINT64_MAX) != BufferExchange::Heard::kFine;
    (void)exchange_->take_answered();
    // What it answers is read, so that its socket never fills.
    std::byte answers[256];
    (void)sys::receive(peers_socket_, answers);
  }

  void publish() {
    constexpr size_t kHeader = kServer ? sizeof(wire::RequestHeader) : sizeof(wire::ResponseHeader);
    publish_place(input_, tried_.peer, kServer ? 0 : 1, {1, received_ + 1, kHeader});
  }

  void look() {
    native::Message found;
    const Look look = tried_.look(found);
    over_ = look == Look::kBreach;
    first_.reset();
    if (look != Look::kRecord) return;
    first_ = found;
    if (found.buffer == native::kInRing) {
      DEMAND(tried_.peer.holds(kServer ? 0 : 1, found.bytes, found.size));
    } else {
      const std::optional<wire::SharedMemory> memory = exchange_->peer_memory(found.buffer);
      DEMAND(memory.has_value() && found.bytes >= memory->data);
      DEMAND(found.bytes + found.size <= memory->data + memory->bytes);
      DEMAND(tried_.end.peer_buffers().held(found.buffer) > 0);
    }
    read_all(found.bytes, found.size);
  }

  // Who saw the message is done with its record. What lies in a buffer is still there.
  void done() {
    if (!first_.has_value()) return;
    ++received_;
    if constexpr (kServer) {
      tried_.end.request_done();
    } else {
      tried_.end.dispatch_done();
    }
    if (first_->buffer != native::kInRing) {
      held_.push_back(*first_);
      read_all(first_->bytes, first_->size);
    } else if constexpr (kServer) {
      answer(first_->sequence);
    }
    first_.reset();
  }

  // What is held is there until it is given back, whatever the peer has said meanwhile.
  void give_back() {
    if (held_.empty()) return;
    const native::Message message = held_.back();
    held_.pop_back();
    read_all(message.bytes, message.size);
    if constexpr (kServer) {
      answer(message.sequence);
    } else {
      DEMAND(tried_.end.release(message.buffer));
    }
  }

  void answer(uint64_t sequence) {
    if constexpr (kServer) {
      const wire::Bytes part = some_message(0);
      const auto put = tried_.end.respond(sequence, wire::Parts(&part, 1));
      // A full ring ends the play: nobody reads it.
      over_ = over_ || put != native::ServerEnd::Put::kDone;
    }
  }

  void make() {
    auto made = exchange_->make(4096 * (1 + uint64_t{input_.below(4)}));
    if (!made.ok() || input_.below(4) == 3) return;
    (void)sys::send(peers_socket_, native::encode({BufferNoteKind::kAnswer, made.value(), 1}));
  }

  // A message in a buffer of our own.
  void put() {
    const uint32_t number = input_.below(6);
    const auto place = tried_.end.own_buffers().place(number, input_.near<uint32_t>(0) & 0xffff,
                                                      input_.number<uint16_t>());
    if (!place.has_value()) return;
    const auto memory = exchange_->own_memory(number);
    DEMAND(memory.has_value() && exchange_->answer(number) == Status::kOk);
    DEMAND(place->at >= memory->data && place->at + place->size <= memory->data + memory->bytes);
    if constexpr (kServer) {
      over_ = tried_.end.dispatch_in_buffer(*place, {0, 1, 0}) == native::ServerEnd::Put::kBreach;
      if (tried_.end.settle() == native::ServerEnd::Back::kBreach) over_ = true;
    } else {
      uint64_t sequence = 0;
      over_ =
          tried_.end.send_in_buffer(*place, {0, 1}, sequence) == native::ClientEnd::Put::kBreach;
    }
    (void)exchange_->out(number);
  }

  Input& input_;
  Ends ends_;
  Tried<End> tried_;
  sys::Fd socket_;
  sys::Fd peers_socket_;
  std::optional<BufferExchange> exchange_;
  std::optional<native::Message> first_;
  std::vector<native::Message> held_;
  uint64_t received_ = 0;
  bool over_ = false;
};

}  // namespace
}  // namespace coroipc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace coroipc;
  const size_t descriptors = fuzz::open_descriptors();
  fuzz::Input input(data, size);
  if (input.below(2) == 0) {
    fuzz::Play<wire::native::ServerEnd>(input).run();
  } else {
    fuzz::Play<wire::native::ClientEnd>(input).run();
  }
  DEMAND(fuzz::open_descriptors() == descriptors);
  return 0;
}
