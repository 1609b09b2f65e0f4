// Both ends of a native connection as two processes would have them, of the smallest size, and
// where each reads what the other writes: what an end hands on has to lie there.
#pragma once

#include <array>
#include <optional>

#include "fuzz/hostile.h"
#include "wire/native/client_end.h"
#include "wire/native/server_end.h"

namespace coroipc::fuzz {

inline constexpr wire::native::Geometry kGeometry{4096, 4096, 4096, 4};
struct Ends {
  Ends();

  Side clients;
  Side servers;
  std::optional<wire::native::ClientEnd> client;
  std::optional<wire::native::ServerEnd> server;
};

}  // namespace coroipc::fuzz
