#include "test/death/service.h"

#include <cstring>

namespace coroipc::death {

namespace {

using server::Server;

// Field by field: messages are compared whole, and what pads a header is to be zero.
std::vector<std::byte> message_of(size_t header_bytes, int32_t id,
                                  std::span<const std::byte> body) {
  std::vector<std::byte> message(header_bytes + body.size());
  const auto size = static_cast<int32_t>(message.size());
  std::memcpy(message.data() + offsetof(wire::RequestHeader, size), &size, sizeof size);
  std::memcpy(message.data() + offsetof(wire::RequestHeader, id), &id, sizeof id);
  if (!body.empty()) std::memcpy(message.data() + header_bytes, body.data(), body.size());
  return message;
}

void answer(Server& server, const server::Call& call, std::span<const std::byte> message) {
  const wire::Bytes bytes(message);
  // A connection that is over needs none.
  (void)server.respond(call.connection, call.request.token, std::span(&bytes, 1));
}

void burst(Server& server, server::ConnectionId connection, std::span<const std::byte> body) {
  std::array<uint32_t, 2> wanted{};
  std::memcpy(wanted.data(), body.data(), sizeof wanted);
  for (uint32_t i = 0; i < wanted[0]; ++i) {
    const auto message =
        response_of(static_cast<int32_t>(i), pattern(wanted[1] - sizeof(wire::ResponseHeader), i));
    const wire::Bytes bytes(message);
    bool queued = false;
    (void)server.dispatch(connection, std::span(&bytes, 1), queued);
  }
}

// The one buffer that this server makes for a connection.
constexpr uint32_t kBuffer = 0;

Status fill(Server& server, const server::Call& call, std::span<const std::byte> body) {
  wire::Buffers* buffers = server.find(call.connection)->channel->buffers();
  if (buffers == nullptr) return Status::kErrNotSupported;
  if (const Status taken = buffers->answer(kBuffer); taken != Status::kOk) return taken;
  const auto memory = buffers->own_memory(kBuffer);
  const auto message = response_of(call.request.id, body);
  std::memcpy(memory->data, message.data(), message.size());
  wire::ResponseHeader header{};
  std::memcpy(&header, message.data(), sizeof header);
  return server.respond_in(call.connection, call.request.token, kBuffer, header);
}

}  // namespace

std::vector<std::byte> request_of(int32_t id, std::span<const std::byte> body) {
  return message_of(sizeof(wire::RequestHeader), id, body);
}

std::vector<std::byte> response_of(int32_t id, std::span<const std::byte> body, Status status) {
  std::vector<std::byte> message = message_of(sizeof(wire::ResponseHeader), id, body);
  const auto error = static_cast<int32_t>(status);
  std::memcpy(message.data() + offsetof(wire::ResponseHeader, error), &error, sizeof error);
  return message;
}

std::vector<std::byte> pattern(size_t size, uint32_t seed) {
  std::vector<std::byte> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(seed * 31 + i * 7);
  return bytes;
}

void serve(Server& server, const server::Call& call, std::vector<std::byte> message) {
  const auto body = std::span<const std::byte>(message).subspan(sizeof(wire::RequestHeader));
  const int32_t id = call.request.id;
  Status status = Status::kOk;
  switch (id) {
    case kEndMe:
      (void)server.end_connection(call.connection);
      return;
    case kMakeBuffer: {
      const auto made = server.find(call.connection)->channel->buffers()->make(kBufferBytes);
      status = made.ok() ? Status::kOk : made.failure().status;
      break;
    }
    case kFillBuffer:
      status = fill(server, call, body);
      if (status == Status::kOk) return;
      break;
    case kSetFlood: {
      uint32_t overflow = 0;
      std::memcpy(&overflow, body.data(), sizeof overflow);
      status = server.set_overflow(call.connection, static_cast<server::Overflow>(overflow), {});
      break;
    }
    default:
      break;
  }
  answer(server, call, response_of(id, body, status));
  if (id == kBurst) burst(server, call.connection, body);
}

}  // namespace coroipc::death
