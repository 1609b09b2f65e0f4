// Either end of the classic wire before a peer that writes what it likes into the shared files,
// cuts them, posts semaphores and sends bytes. What is handed on lies in the buffer it should lie
// in, and no number of a zero-copy buffer leads anywhere but to that buffer.
#include <unistd.h>

#include <tuple>
#include <vector>

#include "fuzz/classic_files.h"
#include "fuzz/descriptors.h"
#include "fuzz/hostile.h"
#include "sys/semaphore_watch.h"
#include "wire/classic/client_channel.h"
#include "wire/classic/server_channel.h"

namespace coroipc::fuzz {
namespace {

namespace classic = wire::classic;
using classic::Generation;

constexpr size_t kBytes = 4096;
constexpr size_t kMostBytes = size_t{1} << 16;

const std::string& stem() {
  static const std::string made = "coroipc-fuzz-classic-" + std::to_string(getpid()) + "-";
  return made;
}

Generation some_generation(Input& input) {
  return input.below(2) == 0 ? Generation::k12 : Generation::k14;
}

// A watch with a thread that stays: to start one for each play takes longer than the play.
struct Watched {
  Watched() {
    auto made = sys::WatchBell::make();
    DEMAND(made.ok());
    bell = std::move(made.value());
    semaphore->init();
    DEMAND(watch.add(semaphore.get(), semaphore, bell, 0).ok());
  }
  sys::SemaphoreWatch watch;
  std::shared_ptr<sys::WatchBell> bell;
  std::shared_ptr<sys::Semaphore> semaphore = std::make_shared<sys::Semaphore>();
};

class ServerPlay {
 public:
  ServerPlay(Input& input, Watched& watched) : input_(input), peer_(some_generation(input), 1) {
    std::tie(socket_, peers_socket_) = socket_pair();
    auto opened = classic::ClassicServerChannel::open(
        peer_.setup, socket_, getuid(), {kMostBytes, 4}, {watched.watch, watched.bell, 1});
    DEMAND(opened.ok());
    channel_ = std::move(opened.value());
  }

  void run() {
    while (input_.more() && !over_) step();
    channel_->say_goodbye();
  }

 private:
  void step() {
    switch (input_.below(12)) {
      case 0:
      case 1:
        return peer_.request(input_, stem());
      case 2:
        return peer_.spoil(input_);
      case 3:
        return take();
      case 4:
        if (!channel_->awaits(token_)) return;
        (void)channel_->respond(token_, message(kBytes));
        return;
      case 5:
        over_ = channel_->publish(message(channel_->largest_dispatch()), input_.below(2) == 1) ==
                wire::Publish::kBreach;
        return;
      case 6:
        say(peers_socket_, input_.bytes(input_.below(40)));
        over_ = channel_->listen().over;
        return;
      case 7:
        (void)channel_->has_room(input_.number<uint16_t>() % channel_->largest_dispatch());
        return channel_->pay();
      case 8:
        return input_.below(2) == 1 ? channel_->backlog_began() : channel_->backlog_ended();
      case 9:
        (void)channel_->room_made();
        return channel_->answer_flush();
      case 10:
        (void)channel_->ready(true);
        (void)channel_->sleep(input_.below(2) == 1);
        return;
      default:
        return peer_.drain();
    }
  }

  [[nodiscard]] wire::Parts message(size_t most) {
    part_ = some_message(std::min<size_t>(input_.number<uint16_t>(), most));
    return wire::Parts(&part_, 1);
  }

  void take() {
    wire::Request request;
    const wire::Take took = channel_->take(request);
    over_ = took == wire::Take::kBreach;
    if (took != wire::Take::kRequest) return;
    token_ = request.token;
    DEMAND(channel_->awaits(token_) && request.size >= sizeof(wire::RequestHeader));
    DEMAND(request.size <= (request.zero_copy ? kMostBytes : channel_->request_bytes()));
    std::vector<std::byte> bytes(request.size);
    channel_->read_request(bytes);
    const auto header = wire::copy_out<wire::RequestHeader>(bytes.data());
    DEMAND(header.size == static_cast<int32_t>(request.size) && header.id == request.id);
    const std::optional<wire::SharedView> view = channel_->request_view();
    DEMAND(view.has_value() == request.zero_copy);
    if (!view.has_value()) return;
    DEMAND(view->offset <= view->memory.bytes && request.size <= view->memory.bytes - view->offset);
  }

  Input& input_;
  ClassicFiles peer_;
  sys::Fd socket_;
  sys::Fd peers_socket_;
  std::unique_ptr<wire::ServerChannel> channel_;
  wire::Bytes part_;
  uint64_t token_ = 0;
  bool over_ = false;
};

class ClientPlay {
 public:
  explicit ClientPlay(Input& input) : input_(input) {
    std::tie(socket_, peers_socket_) = socket_pair();
    auto made = classic::ClassicClientChannel::make(some_generation(input), 1,
                                                    {kBytes, kBytes, kBytes}, socket_);
    DEMAND(made.ok());
    channel_ = std::move(made.value());
    say(socket_, channel_->setup_message());
    classic::SetupReader reader;
    DEMAND(reader.read(peers_socket_) == classic::SetupReader::State::kComplete);
    peer_.emplace(reader.setup());
  }

  void run() {
    while (input_.more() && !over_) step();
  }

 private:
  void step() {
    switch (input_.below(9)) {
      case 0:
        return peer_->respond(input_);
      case 1:
        peer_->dispatch(input_);
        return say(peers_socket_, input_.bytes(1));
      case 2:
        return peer_->spoil(input_);
      case 3:
        return say(peers_socket_, input_.bytes(input_.below(16)));
      case 4:
        return take_reply();
      case 5:
        return next();
      case 6:
        (void)channel_->put();
        return;
      case 7: {
        const wire::Bytes part = some_message(std::min<size_t>(input_.number<uint16_t>(), kBytes));
        return channel_->send(wire::Parts(&part, 1));
      }
      default:
        (void)channel_->flow_controlled();
        (void)channel_->said_goodbye();
        (void)channel_->reply_ready();
    }
  }

  void take_reply() {
    uint32_t size = 0;
    const wire::Reply reply = channel_->take_reply(size);
    over_ = reply == wire::Reply::kOver;
    if (reply != wire::Reply::kThere) return;
    DEMAND(size >= sizeof(wire::ResponseHeader) && size <= channel_->response_memory()->size());
    read_all(channel_->response_memory()->data(), size);
  }

  void next() {
    uint32_t size = 0;
    const wire::Next next = channel_->next(size);
    over_ = next == wire::Next::kOver;
    if (next != wire::Next::kMessage) return;
    DEMAND(size >= sizeof(wire::ResponseHeader) && size == channel_->message_size());
    const sys::Mapping& ring = *channel_->ring_memory();
    DEMAND(channel_->message_offset() < kBytes && size <= kBytes);
    DEMAND(channel_->message_offset() + size <= ring.size());
    read_all(ring.data() + channel_->message_offset(), size);
  }

  Input& input_;
  sys::Fd socket_;
  sys::Fd peers_socket_;
  std::unique_ptr<classic::ClassicClientChannel> channel_;
  std::optional<ClassicFiles> peer_;
  bool over_ = false;
};

}  // namespace
}  // namespace coroipc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace coroipc::fuzz;
  static Watched watched;
  const size_t descriptors = open_descriptors();
  Input input(data, size);
  if (input.below(2) == 0) {
    ServerPlay(input, watched).run();
  } else {
    ClientPlay(input).run();
  }
  DEMAND(open_descriptors() == descriptors);
  sweep(stem());
  return 0;
}
