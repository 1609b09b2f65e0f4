// A client that plays a scenario to its end, and checks all that comes back. It waits in slices, as
// a caller does who has a time limit, and waits on after each: a stopped server is no dead one.
#pragma once

#include <string>

#include "client/session.h"
#include "test/death/cells.h"

namespace coroipc::death {

class Player {
 public:
  Player(std::string name, Wire wire) : name_(std::move(name)), wire_(wire) {}

  // How long one wait takes before it times out.
  void set_slice_ms(double slice_ms) { slice_ms_ = slice_ms; }
  [[nodiscard]] int timeouts() const { return timeouts_; }
  // What the server sent was not what it should have sent.
  [[nodiscard]] bool deceived() const { return deceived_; }

  [[nodiscard]] Status connect();
  void disconnect() { session_.reset(); }
  // Everything but the connecting and, at the end, the disconnecting, which every scenario needs.
  [[nodiscard]] Status play(Scenario scenario);
  [[nodiscard]] Status echo(uint32_t seed);
  // A call with any command.
  [[nodiscard]] Status call(int32_t id, std::span<const std::byte> body, Status& error);
  [[nodiscard]] client::Session& session() { return *session_; }
  // The next dispatch message, which stays until `put`.
  [[nodiscard]] Status next(uint32_t& size);

 private:
  [[nodiscard]] Status send(std::span<const std::byte> message, uint64_t& token);
  [[nodiscard]] Status await(uint64_t token, std::vector<std::byte>& answer);
  [[nodiscard]] Status expect(uint64_t token, std::span<const std::byte> answer);
  [[nodiscard]] Status pipelined();
  [[nodiscard]] Status abandoned();
  [[nodiscard]] Status burst(uint32_t count, uint32_t size);
  [[nodiscard]] Status own_buffer();
  [[nodiscard]] Status servers_buffer();
  [[nodiscard]] Status disconnections();
  // Waits by `wait(deadline)` until it says something else than that the time is over.
  template <class Wait>
  [[nodiscard]] Status patiently(Wait&& wait);
  [[nodiscard]] Status lie() {
    deceived_ = true;
    return Status::kErrMessageError;
  }

  const std::string name_;
  const Wire wire_;
  double slice_ms_ = 20'000;
  int timeouts_ = 0;
  bool deceived_ = false;
  sys::SemaphoreWatch watch_;
  std::unique_ptr<client::Session> session_;
};

}  // namespace coroipc::death
