// The setup message of the classic wire: made by the client, recognised and read by the server.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sys/unix_socket.h"
#include "wire/classic/layout.h"
#include "wire/message.h"

namespace coroipc::wire::classic {

struct Setup {
  Generation generation = Generation::k12;
  uint32_t service = 0;  // as sent: may be out of range
  std::array<std::string, kFiles> paths;
  std::array<uint64_t, kFiles> sizes{};
};

// The bytes of a setup message. False: a path is too long for this generation.
[[nodiscard]] bool encode_setup(const Setup& setup, std::vector<std::byte>& bytes);

// Removes the files that the peer of an ended connection has made for it and not let go of: one
// that was killed before all its files had come to the server leaves their names.
void remove_left_files(const sys::Fd& socket, uid_t owner);

// The message, once all of it is there. Recognises the generation by its content: only a setup of
// 1.2 has the control buffer's size at its place and four absolute paths in fields of 64 bytes.
class SetupReader {
 public:
  enum class State { kMore, kComplete, kOver, kMalformed };

  // `begun`: what was read already, less than any setup.
  explicit SetupReader(std::span<const std::byte> begun = {});

  // Reads what the socket has. With kComplete, `setup()` is valid.
  [[nodiscard]] State read(const sys::Fd& socket);
  [[nodiscard]] const Setup& setup() const { return setup_; }

 private:
  [[nodiscard]] bool parse(Generation generation);

  std::vector<std::byte> bytes_ = std::vector<std::byte>(kSetup14.bytes);
  size_t filled_ = 0;
  size_t wanted_ = kSetup12.bytes;
  Setup setup_;
};

}  // namespace coroipc::wire::classic
