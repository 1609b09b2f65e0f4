// What a peer has said before its connection is one. The first bytes tell the wires apart; from
// there on each wire has its own messages. Plain state, moved by Server alone; gone with the
// handshake.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "wire/classic/setup.h"
#include "wire/native/handshake.h"

namespace coroipc::server {

// What a peer is told as soon as it is known how, and why.
struct Refusal {
  Status status = Status::kErrNoResources;
  std::string why;
};

struct Greeting {
  enum class Wire { kUnknown, kNative, kClassic };

  std::array<std::byte, wire::native::kNameBytes> first{};
  size_t filled = 0;
  bool strayed = false;  // a descriptor came with them
  Wire wire = Wire::kUnknown;
  std::optional<Refusal> refusal;  // nothing against it so far

  std::optional<wire::classic::SetupReader> setup;

  std::optional<wire::native::MessageReader> message;  // hello, then attach
  bool welcomed = false;
  wire::native::Geometry granted;
  sys::SealedMemory ours;
};

}  // namespace coroipc::server
