// Memory of JavaScript's that messages cross the border in, so that a small one crosses it without
// an object being made. packages/core/src/scratch.ts and arrivals.ts have the same layouts.
//
// The scratch is for messages on their way in, and for what is to be said of one on its way out. It
// is good until JavaScript or the core writes the next thing there: each side takes what it needs
// before it calls anything that could. No user ever sees it.
//
// Arrivals are small messages on their way out, one after another in one buffer until it is full
// and JavaScript hands over the next. Users see parts of it, and may detach it at any time.
#pragma once

#include <napi.h>

#include <span>

#include "wire/message.h"

namespace coroipc::js {

struct ScratchHead {
  double connection;  // of a request; or the server's buffer that a message lies in
  double token;
  int32_t id;
  int32_t status;  // of a message in a buffer, whose own header does not count
  uint32_t zero_copy;
  uint32_t attention;  // a blocking function took a wake-up that a loop waits for
  // Where the message, or the first of several, lies in the arrivals, or in memory that was
  // returned; or kElsewhere.
  int32_t offset;
  uint32_t arrived;  // bytes of the arrivals that are taken
  uint32_t alone;    // the server looks at the connection of the request only
  // The client's buffer that a request lies in, and where in it, if JavaScript has a view of that;
  // else kElsewhere.
  int32_t seen;
  int32_t seen_offset;
};
static_assert(sizeof(ScratchHead) == 56);
inline constexpr int32_t kElsewhere = -1;

class Scratch {
 public:
  // Where a message lies.
  static constexpr size_t kMessage = 64;
  static constexpr size_t kBytes = 8192;

  // False, with an exception pending: not an ArrayBuffer of kBytes.
  [[nodiscard]] bool attach(const Napi::Value& value);

  [[nodiscard]] ScratchHead& head() const { return *reinterpret_cast<ScratchHead*>(data_); }
  [[nodiscard]] std::span<std::byte> room() const { return {data_ + kMessage, kBytes - kMessage}; }

 private:
  Napi::Reference<Napi::ArrayBuffer> buffer_;
  std::byte* data_ = nullptr;
};

class Arrivals {
 public:
  // Larger messages, with a payload of more than 4 KiB, get memory of their own.
  static constexpr size_t kSmallBytes = 4096 + sizeof(wire::ResponseHeader);

  // The head of the scratch says how much of the buffer is taken, since JavaScript takes of it,
  // too.
  explicit Arrivals(const Scratch& scratch) : scratch_(scratch) {}

  // Takes the next buffer. False, with an exception pending: not an ArrayBuffer.
  [[nodiscard]] bool attach(const Napi::Value& value);

  // The room that is left, as long as no JavaScript runs; none when the buffer was detached. Of a
  // call-back from JavaScript, whose handles it uses.
  [[nodiscard]] std::span<std::byte> room() const;
  // Where that begins.
  [[nodiscard]] int32_t offset() const { return static_cast<int32_t>(used()); }
  // Precondition: the room has so many bytes, rounded up.
  void take(size_t bytes) { used() += static_cast<uint32_t>(wire::up_to_next(bytes)); }

 private:
  [[nodiscard]] uint32_t& used() const { return scratch_.head().arrived; }

  const Scratch& scratch_;
  Napi::Reference<Napi::ArrayBuffer> buffer_;
};

}  // namespace coroipc::js
