// The server's end of a native connection behind the interface of every wire: rings and doorbells
// over one socket. See server_channel.h one directory up for who calls it.
#pragma once

#include "sys/unix_socket.h"
#include "wire/native/buffer_exchange.h"
#include "wire/native/buffer_note.h"
#include "wire/native/server_end.h"
#include "wire/server_channel.h"

namespace coroipc::wire::native {

class NativeServerChannel final : public ServerChannel {
 public:
  // The socket must outlive the channel. What the memories are: see ServerEnd.
  NativeServerChannel(const Geometry& geometry, const sys::Fd& socket, sys::SealedMemory ours,
                      sys::SealedMemory theirs, const BufferLimits& limits)
      : socket_(socket),
        geometry_(geometry),
        end_(geometry, std::move(ours), std::move(theirs)),
        exchange_(socket, end_.own_buffers(), end_.peer_buffers()) {
    end_.peer_buffers().set_limits(limits);
  }

  Take take(Request& request) override;
  bool ready(bool takes_requests) const override {
    return (takes_requests && end_.request_ready()) || end_.room_made();
  }
  void read_request(std::span<std::byte> into) const override;
  std::optional<SharedView> request_view() const override;
  void request_done() override;
  bool awaits(uint64_t token) const override { return end_.unanswered(token); }
  size_t request_bytes() const override;
  size_t response_bytes() const override { return end_.largest_response(); }
  size_t dispatch_bytes() const override { return geometry_.dispatch_ring; }
  size_t largest_dispatch() const override { return end_.largest_dispatch(); }
  Publish respond(uint64_t token, Parts parts) override;
  Publish publish(Parts parts, bool from_queue) override;
  bool has_room(size_t bytes) override { return end_.has_room(bytes); }
  void backlog_began() override { end_.set_backlog(true); }
  void backlog_ended() override;
  void answer_flush() override {}
  Heard listen() override;
  bool untold() const override { return untold_ != 0 || ledger().delegated.untold != 0; }
  void tell() override;
  // A doorbell that finds the socket full is not needed: its reader has bytes to read.
  bool owes() const override { return false; }
  void pay() override {}
  bool sleep(bool takes_requests) override;
  void wake() override { end_.wake(); }
  bool room_made() override { return end_.room_made(); }
  Buffers* buffers() override { return &exchange_; }
  Publish respond_in(uint64_t token, uint32_t buffer, uint32_t size,
                     const ResponseHeader& header) override;
  Publish publish_in(uint32_t buffer, uint32_t size, const ResponseHeader& header) override;
  uint64_t buffer_out(uint32_t buffer) override;
  std::optional<SharedRings> rings() override;
  void tell_sleeper() override;
  // The hang-up says it all; what lies in the rings may still be read.
  void say_goodbye() override {}

 private:
  [[nodiscard]] ServerLedger& ledger() const { return end_.memory()->ledger; }
  // Takes over what JavaScript has published, and the room that it made.
  void take_over();
  void published(Wants what);
  void ring() const;

  const sys::Fd& socket_;
  const Geometry geometry_;
  ServerEnd end_;
  BufferExchange exchange_;
  Message taken_;
  bool took_ = false;       // taken_ lies in the ring
  bool made_room_ = false;  // the client was not told of it yet
  Wants untold_ = 0;        // published, and not told for certain
};

}  // namespace coroipc::wire::native
