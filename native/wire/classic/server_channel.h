// The server's end of a classic connection: request and response buffers, dispatch ring, event
// bytes and the flush protocol, for both generations. See server_channel.h for who calls it.
#pragma once

#include "sys/semaphore_watch.h"
#include "sys/unix_socket.h"
#include "wire/classic/control.h"
#include "wire/classic/setup.h"
#include "wire/classic/zero_copy_buffers.h"
#include "wire/server_channel.h"

namespace coroipc::wire::classic {

struct ChannelLimits {
  size_t max_buffer_bytes = 0;
  size_t max_zero_copy_buffers = 0;
  uint64_t max_zero_copy_bytes = 0;  // of all together
};

// What tells the server that a client posted: the thread that watches, and the bell that it rings
// with the token.
struct WatchPlace {
  sys::SemaphoreWatch& watch;
  std::shared_ptr<sys::WatchBell> bell;
  uint64_t token = 0;
};

class ClassicServerChannel final : public ServerChannel {
 public:
  // Opens, checks, unlinks and maps the files that the client named. The socket and the watch must
  // outlive the channel.
  [[nodiscard]] static sys::Result<std::unique_ptr<ServerChannel>> open(const Setup& setup,
                                                                        const sys::Fd& socket,
                                                                        uid_t owner,
                                                                        const ChannelLimits& limits,
                                                                        const WatchPlace& place);
  ~ClassicServerChannel() override;

  Take take(Request& request) override;
  bool ready(bool takes_requests) const override;
  void read_request(std::span<std::byte> into) const override;
  std::optional<SharedView> request_view() const override;
  // The request stays in its buffer until it is answered.
  void request_done() override {}
  bool awaits(uint64_t token) const override { return answering_ && token == taken_token_; }
  size_t request_bytes() const override { return request_->size(); }
  size_t response_bytes() const override { return response_->size(); }
  size_t dispatch_bytes() const override { return ring_.size(); }
  size_t largest_dispatch() const override { return ring_.largest(); }
  Publish respond(uint64_t token, Parts parts) override;
  Publish publish(Parts parts, bool from_queue) override;
  bool has_room(size_t bytes) override;
  void backlog_began() override;
  void backlog_ended() override;
  void answer_flush() override;
  Heard listen() override;
  bool owes() const override { return owed_messages_ > 0 || owed_notice_.has_value(); }
  void pay() override;
  bool sleep(bool takes_requests) override;
  void wake() override {}
  bool room_made() override;
  void say_goodbye() override;

 private:
  // Mapped in the order of the setup message.
  struct Files {
    std::array<std::shared_ptr<sys::Mapping>, kFiles> mapped;
  };
  ClassicServerChannel(const Setup& setup, const sys::Fd& socket, Files files, uid_t owner,
                       const ChannelLimits& limits, sys::SemaphoreWatch& watch);

  [[nodiscard]] static sys::Result<Files> map_files(const Setup& setup, uid_t owner,
                                                    const ChannelLimits& limits);
  [[nodiscard]] bool old() const { return control_.generation() == Generation::k12; }
  [[nodiscard]] Take take_request_buffer(Request& request);
  [[nodiscard]] Take take_zero_copy(Request& request);
  void answer(Parts parts);
  void answer_status(int32_t id, Status status);
  [[nodiscard]] bool send_byte(uint8_t byte);
  void send_notice(uint8_t byte);
  [[nodiscard]] bool torn() const;

  const sys::Fd& socket_;
  sys::SemaphoreWatch& watch_;
  sys::SemaphoreWatch::Handle watched_;
  Control control_;
  std::shared_ptr<sys::Mapping> request_;
  std::shared_ptr<sys::Mapping> response_;
  std::shared_ptr<sys::Mapping> dispatch_;
  ring::IndexRing ring_;
  uint32_t write_index_ = 0;  // ours alone; the shared copy is only told
  ZeroCopyBuffers zero_copy_;
  bool answering_ = false;
  uint64_t taken_token_ = 0;  // counts the requests
  RequestHeader taken_{};
  std::optional<SharedView> taken_view_;
  bool backlog_ = false;
  uint64_t owed_messages_ = 0;          // messages whose event byte is still to be sent
  std::optional<uint8_t> owed_notice_;  // a byte without a message, to be sent after those
  size_t skip_ = 0;                     // bytes of a change-user body still to come
};

}  // namespace coroipc::wire::classic
