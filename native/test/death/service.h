// The service that judge and subject serve, whichever of the two is the server.
#pragma once

#include <vector>

#include "test/serving_loop.h"

namespace coroipc::death {

inline constexpr uint32_t kService = 7;

// Command ids. The answer to each carries the body of its request, and the error OK.
inline constexpr int32_t kEcho = 1;
inline constexpr int32_t kBurst = 2;  // body: two u32, how many dispatch messages of which size
inline constexpr int32_t kEndMe = 3;  // ends the connection in place of an answer
inline constexpr int32_t kMakeBuffer = 4;  // offers a zero-copy buffer of the server's
inline constexpr int32_t kFillBuffer = 5;  // answers in it, or TRY_AGAIN while it is not taken
inline constexpr int32_t kSetFlood = 6;    // body: u32, the Overflow of this connection

inline constexpr size_t kBufferBytes = 4096;
inline constexpr size_t kRingBytes = 4096;

[[nodiscard]] std::vector<std::byte> request_of(int32_t id, std::span<const std::byte> body);
[[nodiscard]] std::vector<std::byte> response_of(int32_t id, std::span<const std::byte> body,
                                                 Status status = Status::kOk);
[[nodiscard]] std::vector<std::byte> pattern(size_t size, uint32_t seed);

// What a ServingLoop is to do with a request.
void serve(server::Server& server, const server::Call& call, std::vector<std::byte> message);

}  // namespace coroipc::death
