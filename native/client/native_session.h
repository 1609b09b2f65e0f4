// A client's connection on the native wire: many requests in flight, answers in any order, and one
// socket whose bytes say only that there is something to look at. See session.h.
//
// Invariants: an answer that a synchronous wait meets on its way to its own is put aside, and given
// out before those in the ring. The sleep word says what the loop sleeps for, also during a
// synchronous wait; if that wait took the doorbell, `take_attention` says so.
#pragma once

#include <map>
#include <unordered_set>
#include <vector>

#include "client/session.h"
#include "sys/descriptors.h"
#include "sys/step_back.h"
#include "wire/native/buffer_exchange.h"
#include "wire/native/client_end.h"
#include "wire/native/handshake.h"

namespace coroipc::client {

class NativeSession final : public Session {
 public:
  NativeSession(const Options& options, sys::Fd socket, const sys::Credentials& server);
  ~NativeSession() override;

  sys::Result<bool> advance() override;
  short handshake_events() const override;
  bool connected() const override { return end_.has_value(); }
  int generation() const override { return 0; }
  sys::Result<int> user_fd() override;
  void settle() override;
  sys::Result<int> bell_fd() override { return -1; }
  size_t request_bytes() const override { return end_->largest_request(); }
  uint32_t max_in_flight() const override { return granted_.in_flight; }
  Status send(wire::Parts parts, uint64_t& token) override;
  Status await_room(int64_t deadline_ns) override;
  Status await(uint64_t token, int64_t deadline_ns, uint32_t& size) override;
  Status answer(uint64_t& token, uint32_t& size) override;
  size_t read_answer(std::span<std::byte> into) const override;
  std::span<const std::byte> answer_payload() const override;
  uint32_t answer_size() const override { return answer_.size; }
  void answer_done() override;
  void abandon(uint64_t token) override;
  uint64_t late_answers() const override { return late_answers_; }
  Status look_for_message(uint32_t& size) override;
  Status next(int64_t deadline_ns, uint32_t& size) override;
  size_t read_message(std::span<std::byte> into) const override;
  bool put() override;
  Taken take_messages(std::span<std::byte> room, uint64_t most, size_t largest) override;
  bool flow_controlled() const override { return end_->backlog(); }
  bool hear() override;
  Wants sleep(Wants wants) override;
  wire::Buffers* buffers() override { return &*exchange_; }
  Status send_in(uint32_t buffer, uint32_t size, int32_t id, uint64_t& token) override;
  std::optional<PlaceInBuffer> answer_in_buffer() const override { return place_of(answer_); }
  std::optional<PlaceInBuffer> message_in_buffer() const override { return place_of(dispatch_); }
  void keep_answer() override;
  void keep_message() override;
  bool release(uint32_t number) override;
  sys::Outcome zcb_alloc(size_t bytes, int64_t deadline_ns, ZeroCopyBuffer& buffer) override;
  Status zcb_free(const ZeroCopyBuffer& buffer, int64_t deadline_ns) override;
  Status zcb_send(const ZeroCopyBuffer& buffer, uint64_t& token) override;
  bool take_attention() override { return std::exchange(attention_, false); }
  std::optional<wire::SharedRings> rings() override;
  uint64_t last_sent() const override { return end_->last_sent(); }
  void tell_sent() override { tell(); }

 private:
  enum class Step { kHello, kWelcome, kAttach, kReady, kConnected };
  enum class Found { kNothing, kAnswer, kOver };
  // The next answer of the ring that somebody waits for.
  [[nodiscard]] Found look();
  [[nodiscard]] std::optional<PlaceInBuffer> place_of(const wire::native::Message& message) const;
  // Of a buffer that was made: whether the server took it, once it has said so.
  [[nodiscard]] Status await_taken(uint32_t number, int64_t deadline_ns);
  void withdraw_given_up();
  [[nodiscard]] Status sent(wire::native::ClientEnd::Put put);
  void give_back(const wire::native::Message& message);
  void put_aside();
  [[nodiscard]] bool find_aside(uint64_t token);
  [[nodiscard]] sys::Outcome send_step(std::span<const std::byte> bytes, const sys::Fd* file);
  [[nodiscard]] sys::Outcome hear_welcome();
  [[nodiscard]] Wants there(Wants wants) const;
  // Waits awake for an answer, or for what else there is; see sys::Spinner.
  template <class Ready>
  [[nodiscard]] bool spin(const Ready& ready) {
    const bool there = answer_spinner_.wait(ready);
    end_->memory()->ledger.spins = answer_spinner_.spins() ? 1 : 0;
    return there;
  }
  // Sleeps until the socket speaks. kOk: look again.
  [[nodiscard]] Status doze(Wants wants, int64_t deadline_ns);
  // Takes over what JavaScript has sent, and the room that it made.
  void take_over();
  // Whether something was sent, here or by JavaScript, that the server may not know of.
  [[nodiscard]] bool untold();
  void tell();
  void ring() const;
  // The server is gone, or broke the rules.
  [[nodiscard]] bool over() const { return end_->is_shut(); }

  const wire::native::Hello hello_;
  Step step_ = Step::kHello;
  wire::native::MessageReader message_{wire::native::kWelcomeBytes};
  wire::native::Geometry granted_;
  sys::SealedMemory ours_;
  sys::SealedMemory theirs_;
  std::optional<wire::native::ClientEnd> end_;
  std::optional<wire::native::BufferExchange> exchange_;
  const wire::native::BufferLimits limits_;

  wire::native::Message answer_;  // found and not done with; its size is 0 when there is none
  bool answer_in_ring_ = false;
  std::map<uint64_t, std::vector<std::byte>> aside_;  // in the order of their requests
  std::unordered_set<uint64_t> abandoned_;
  uint64_t late_answers_ = 0;
  wire::native::Message dispatch_;  // got and not put; its size is 0 when there is none
  sys::StepBack distance_;          // of the reader of dispatch messages

  std::vector<uint32_t>
      given_up_;  // buffers that nobody waits for, and the server has not answered

  Wants loop_wants_ = 0;    // what the loop sleeps for
  bool attention_ = false;  // its doorbell was taken by somebody else
  bool room_helps_ = true;  // the last request was kept back by the ring, not by its own buffer
  bool made_room_ = false;  // the server was not told of it yet
  wire::native::Wants untold_ = 0;  // sent, and not told for certain
  size_t put_bytes_ = 0;            // of that, room for dispatch messages

  sys::Fd user_fd_;
  std::optional<sys::Bell> user_bell_;
  bool user_bell_rung_ = false;
};

}  // namespace coroipc::client
