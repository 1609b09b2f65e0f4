// The classic wire's numbers, as corosync's releases have them. Generation 1.2 is 1.2.0 to 1.2.5;
// generation 1.4 is 1.3.1 to 1.4.10.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace coroipc::wire::classic {

enum class Generation : int { k12 = 12, k14 = 14 };

inline constexpr size_t kControlBytes = 8192;

// The four shared files, in the order of the setup message.
enum File : size_t { kControlFile, kRequestFile, kResponseFile, kDispatchFile, kFiles };

// What the names of a client's files begin with in /dev/shm. Behind it comes the connection's mark.
inline constexpr std::array<std::string_view, kFiles> kFilePrefixes = {
    "control_buffer", "request_buffer", "response_buffer", "dispatch_buffer"};
inline constexpr std::string_view kZcbPrefix = "corosync_zerocopy";

// The setup message: where the fields stand. Paths are NUL-ended, sizes 64 bit, service 32 bit.
struct SetupLayout {
  size_t bytes;
  size_t path_bytes;
  size_t paths;  // the first of four fields of path_bytes
  size_t sizes;  // the first of four fields of 8 bytes
};
inline constexpr size_t kSetupService = 0;
inline constexpr SetupLayout kSetup12{304, 64, 16, 272};
inline constexpr SetupLayout kSetup14{16432, 4096, 16, 16400};
static_assert(kSetup12.paths + kFiles * kSetup12.path_bytes == kSetup12.sizes);
static_assert(kSetup14.paths + kFiles * kSetup14.path_bytes == kSetup14.sizes);
static_assert(kSetup12.sizes + kFiles * 8 == kSetup12.bytes);
static_assert(kSetup14.sizes + kFiles * 8 == kSetup14.bytes);

[[nodiscard]] constexpr const SetupLayout& setup_layout(Generation generation) {
  return generation == Generation::k12 ? kSetup12 : kSetup14;
}

// The answer to it: the status, and four bytes that are zero.
struct SetupAnswer {
  int32_t error;
  int32_t padding;
};
static_assert(sizeof(SetupAnswer) == 8);

// The control buffer: where the words stand. In generation 1.2 one semaphore both wakes the
// server and says that a request arrived.
struct ControlLayout {
  size_t flow_control;  // 0: it has none
  size_t closed;        // 0: it has none
  size_t wake;
  size_t request;
  size_t response;
  size_t dispatch;
  size_t bytes;
};
inline constexpr size_t kReadIndex = 0;
inline constexpr size_t kWriteIndex = 4;
inline constexpr ControlLayout kControl12{0, 0, 8, 8, 40, 72, 104};
inline constexpr ControlLayout kControl14{8, 144, 16, 80, 112, 48, 152};

[[nodiscard]] constexpr const ControlLayout& control_layout(Generation generation) {
  return generation == Generation::k12 ? kControl12 : kControl14;
}

// The dispatch ring: bytes kept free, and what messages are padded to.
inline constexpr uint32_t kRingReserve12 = 1;
inline constexpr uint32_t kRingReserve14 = 9;
inline constexpr uint32_t kRingAlignment12 = 1;
inline constexpr uint32_t kRingAlignment14 = 8;

// Bytes on the socket after the setup.
inline constexpr uint8_t kChangeUser = 1;
inline constexpr uint8_t kFlush = 2;
inline constexpr size_t kChangeUserBody = 16;
// Generation 1.2 tells messages and flow control apart by the byte's value; in generation 1.4
// every byte stands for a message.
inline constexpr uint8_t kMessage12 = 0;
inline constexpr uint8_t kMessageFromQueue12 = 1;
inline constexpr uint8_t kQueueBegan12 = 2;
inline constexpr uint8_t kQueueEmpty12 = 3;
inline constexpr uint8_t kMessageFromQueue14 = 0;
inline constexpr uint8_t kMessage14 = 1;

// Zero-copy: reserved command ids, their messages, and what stands before a message in a buffer.
inline constexpr int32_t kZcbAlloc = -1;
inline constexpr int32_t kZcbFree = -2;
inline constexpr int32_t kZcbExecute = -3;
inline constexpr size_t kZcbPathBytes = 128;
struct ZcbAllocMessage {
  alignas(8) int32_t size;
  alignas(8) int32_t id;
  uint64_t map_size;
  std::array<char, kZcbPathBytes> path;
};
static_assert(sizeof(ZcbAllocMessage) == 152 && offsetof(ZcbAllocMessage, map_size) == 16 &&
              offsetof(ZcbAllocMessage, path) == 24);
struct ZcbFreeMessage {
  alignas(8) int32_t size;
  alignas(8) int32_t id;
  uint64_t map_size;
  uint64_t server_handle;
};
static_assert(sizeof(ZcbFreeMessage) == 32 && offsetof(ZcbFreeMessage, server_handle) == 24);
struct ZcbExecuteMessage {
  alignas(8) int32_t size;
  alignas(8) int32_t id;
  uint64_t server_handle;
};
static_assert(sizeof(ZcbExecuteMessage) == 24 && offsetof(ZcbExecuteMessage, server_handle) == 16);
struct ZcbHeader {
  int32_t map_size;
  int32_t padding;
  uint64_t server_handle;
};
static_assert(sizeof(ZcbHeader) == 16 && offsetof(ZcbHeader, server_handle) == 8);

}  // namespace coroipc::wire::classic
