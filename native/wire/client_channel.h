// One connection's shared memory as the client sees it, whatever the wire. Called from the
// client's thread only. Nothing here trusts the server either: a breach is reported, and the
// session is then over.
#pragma once

#include <cstdint>
#include <memory>

#include "sys/mapping.h"
#include "sys/result.h"
#include "sys/semaphore.h"
#include "wire/message.h"

namespace coroipc::wire {

enum class Reply { kNothing, kThere, kOver };
enum class Next { kNothing, kMessage, kOver };

class ClientChannel {
 public:
  virtual ~ClientChannel() = default;

  [[nodiscard]] virtual size_t request_bytes() const = 0;
  // Sends a request. Precondition: it fits request_bytes(), and none is outstanding.
  virtual void send(Parts parts) = 0;
  // A cheap look at whether `take_reply` may find something.
  [[nodiscard]] virtual bool reply_ready() const = 0;
  // With kThere, the answer of `size` bytes lies at the start of response_memory().
  [[nodiscard]] virtual Reply take_reply(uint32_t& size) = 0;
  [[nodiscard]] virtual const std::shared_ptr<sys::Mapping>& response_memory() const = 0;
  // Posted when an answer comes, and the memory it lies in.
  [[nodiscard]] virtual sys::Semaphore& reply_posted() = 0;
  [[nodiscard]] virtual std::shared_ptr<const void> memory() const = 0;

  // Reads the socket for the next dispatch message; the same again until `put`.
  [[nodiscard]] virtual Next next(uint32_t& size) = 0;
  // The current message's size, 0 when there is none, and where it begins in ring_memory().
  [[nodiscard]] virtual uint32_t message_size() const = 0;
  [[nodiscard]] virtual uint32_t message_offset() const = 0;
  [[nodiscard]] virtual const std::shared_ptr<sys::Mapping>& ring_memory() const = 0;
  // Makes the current message's room free. False: there is none.
  [[nodiscard]] virtual bool put() = 0;
  // The server holds messages back because the ring is full.
  [[nodiscard]] virtual bool flow_controlled() const = 0;
  // The server said that it closes; its last messages may still be read.
  [[nodiscard]] virtual bool said_goodbye() const = 0;
};

}  // namespace coroipc::wire
