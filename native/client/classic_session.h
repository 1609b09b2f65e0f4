// A client's connection on the classic wire: one request at a time, whose answer a semaphore tells
// of; dispatch messages, which bytes on the socket tell of. See session.h.
#pragma once

#include <vector>

#include "client/session.h"

namespace coroipc::client {

class ClassicSession final : public Session {
 public:
  [[nodiscard]] static sys::Result<std::unique_ptr<Session>> begin(const Options& options,
                                                                   sys::Fd socket,
                                                                   const sys::Credentials& server,
                                                                   sys::SemaphoreWatch& watch);
  ~ClassicSession() override;

  sys::Result<bool> advance() override;
  short handshake_events() const override;
  bool connected() const override { return connected_; }
  int generation() const override { return static_cast<int>(generation_); }
  // A duplicate of the socket.
  sys::Result<int> user_fd() override;
  sys::Result<int> bell_fd() override;
  size_t request_bytes() const override { return channel_->request_bytes(); }
  uint32_t max_in_flight() const override { return 1; }
  // While a late answer is still to come, a request is kept until that came.
  Status send(wire::Parts parts, uint64_t& token) override;
  Status await(uint64_t token, int64_t deadline_ns, uint32_t& size) override;
  Status answer(uint64_t& token, uint32_t& size) override;
  size_t read_answer(std::span<std::byte> into) const override;
  std::span<const std::byte> answer_payload() const override;
  uint32_t answer_size() const override { return answer_size_; }
  void answer_done() override { answer_size_ = 0; }
  void abandon(uint64_t token) override;
  uint64_t late_answers() const override { return late_answers_; }
  Status look_for_message(uint32_t& size) override;
  Status next(int64_t deadline_ns, uint32_t& size) override;
  size_t read_message(std::span<std::byte> into) const override;
  bool put() override { return channel_->put(); }
  Taken take_messages(std::span<std::byte> room, uint64_t most, size_t largest) override;
  bool flow_controlled() const override { return channel_->flow_controlled(); }
  // What the socket says are messages: they are read as such.
  bool hear() override;
  // The bell rings for answers; for messages the socket is readable as long as there are any.
  Wants sleep(Wants wants) override;
  std::optional<InPlace> answer_in_place() const override;
  std::optional<InPlace> message_in_place() const override;
  sys::Outcome zcb_alloc(size_t bytes, int64_t deadline_ns, ZeroCopyBuffer& buffer) override;
  Status zcb_free(const ZeroCopyBuffer& buffer, int64_t deadline_ns) override;
  Status zcb_send(const ZeroCopyBuffer& buffer, uint64_t& token) override;

 private:
  ClassicSession(const Options& options, sys::Fd socket, const sys::Credentials& server,
                 sys::SemaphoreWatch& watch)
      : Session(std::move(socket), server, options), generation_(*options.classic), watch_(watch) {}

  enum class Poll { kNothing, kThere, kOver };
  [[nodiscard]] Poll poll_answer();
  [[nodiscard]] Status look(uint32_t& size);
  [[nodiscard]] bool server_gone() const;
  [[nodiscard]] Status call(wire::Parts parts, int64_t deadline_ns);
  [[nodiscard]] sys::Outcome ensure_bell();

  const wire::classic::Generation generation_;
  sys::SemaphoreWatch& watch_;
  std::unique_ptr<wire::classic::ClassicClientChannel> channel_;
  size_t setup_sent_ = 0;
  std::vector<std::byte> setup_answer_;
  bool connected_ = false;

  uint64_t token_ = 0;        // of the last request
  bool outstanding_ = false;  // a request whose answer is wanted: sent, or kept in deferred_
  bool late_ = false;         // a request was given up, and its answer is still to come
  std::optional<std::vector<std::byte>> deferred_;
  uint32_t answer_size_ = 0;
  uint64_t late_answers_ = 0;

  sys::Fd user_fd_;
  std::shared_ptr<sys::WatchBell> bell_;
  sys::SemaphoreWatch::Handle watched_;
};

}  // namespace coroipc::client
