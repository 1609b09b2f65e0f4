// The four messages of the native handshake: made, sent, received and checked. What is agreed on
// when, and who says it, is docs/native-wire.md's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "sys/sealed_memory.h"
#include "sys/unix_socket.h"
#include "wire/message.h"

namespace coroipc::wire::native {

inline constexpr uint16_t kVersion = 2;

inline constexpr uint64_t kLeastRingBytes = 4096;
inline constexpr uint64_t kMostRingBytes = uint64_t{1} << 30;
inline constexpr uint32_t kMostInFlight = 65536;

// What a connection is made of. Rings are powers of two.
struct Geometry {
  uint64_t request_ring = 0;
  uint64_t response_ring = 0;
  uint64_t dispatch_ring = 0;
  uint32_t in_flight = 0;

  friend bool operator==(const Geometry&, const Geometry&) = default;
};

// What a client asks for, as a server can grant it: rounded up to powers of two and whole pages,
// cut to `most`.
[[nodiscard]] Geometry grant(const Geometry& wanted, const Geometry& most);

struct Hello {
  uint16_t least_version = kVersion;
  uint16_t greatest_version = kVersion;
  uint32_t service = 0;
  Geometry wanted;
};

struct Welcome {
  uint16_t version = kVersion;
  int32_t status = 0;
  Geometry granted;
};

inline constexpr size_t kHelloBytes = 64;
inline constexpr size_t kWelcomeBytes = 64;
inline constexpr size_t kNoteBytes = 16;

using HelloBytes = std::array<std::byte, kHelloBytes>;
using WelcomeBytes = std::array<std::byte, kWelcomeBytes>;
using NoteBytes = std::array<std::byte, kNoteBytes>;

[[nodiscard]] HelloBytes encode(const Hello& hello);
[[nodiscard]] WelcomeBytes encode(const Welcome& welcome);
[[nodiscard]] NoteBytes encode_attach();
[[nodiscard]] NoteBytes encode_ready(int32_t status);

// Nothing, when it is not such a message: another name, a field that has to be zero, a range of
// versions that is none, a geometry that no server grants.
[[nodiscard]] std::optional<Hello> decode_hello(std::span<const std::byte> bytes);
[[nodiscard]] std::optional<Welcome> decode_welcome(std::span<const std::byte> bytes);
[[nodiscard]] bool decode_attach(std::span<const std::byte> bytes);
[[nodiscard]] std::optional<int32_t> decode_ready(std::span<const std::byte> bytes);

// Whether what a client says first is the native wire. Precondition: so many bytes are there.
inline constexpr size_t kNameBytes = 8;
[[nodiscard]] bool begins_native(std::span<const std::byte> bytes);

// One message of known size on its way in, with the descriptor that came along.
class MessageReader {
 public:
  enum class State { kMore, kComplete, kOver, kLost };

  // `begun`: what was read of it already.
  explicit MessageReader(size_t bytes, std::span<const std::byte> begun = {});

  // Reads what the socket has, and not a byte beyond the message. kOver: the peer is gone, or sent
  // more descriptors than one. kLost: this process had no room for the one that came.
  [[nodiscard]] State read(const sys::Fd& socket);
  // Precondition: kComplete.
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return std::span(bytes_).first(wanted_);
  }
  [[nodiscard]] sys::Fd take_file() { return std::move(file_); }
  [[nodiscard]] bool has_file() const { return file_.open(); }

 private:
  std::array<std::byte, kHelloBytes> bytes_{};
  size_t wanted_;
  size_t filled_ = 0;
  sys::Fd file_;
};

}  // namespace coroipc::wire::native
