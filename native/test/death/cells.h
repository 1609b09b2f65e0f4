// What there is to try: scenarios, sides and wires, and the names they go by on the command line.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "wire/classic/layout.h"

namespace coroipc::death {

enum class Scenario { kConnect, kCall, kPipelined, kDispatch, kOverflow, kZeroCopy, kDisconnect };
inline constexpr std::array<std::string_view, 7> kScenarios = {
    "connect", "call", "pipelined", "dispatch", "overflow", "zero-copy", "disconnect"};

// Who dies, or is stopped.
enum class Side { kClient, kServer };
inline constexpr std::array<std::string_view, 2> kSides = {"client", "server"};

inline constexpr std::array<std::string_view, 3> kWires = {"native", "classic-1.4", "classic-1.2"};
// Nothing is the native wire.
using Wire = std::optional<wire::classic::Generation>;

struct Cell {
  size_t scenario = 0;
  size_t side = 0;
  size_t wire = 0;

  [[nodiscard]] Scenario what() const { return static_cast<Scenario>(scenario); }
  [[nodiscard]] Side who() const { return static_cast<Side>(side); }
  [[nodiscard]] Wire over() const {
    if (wire == 0) return std::nullopt;
    return wire == 1 ? wire::classic::Generation::k14 : wire::classic::Generation::k12;
  }
  [[nodiscard]] std::string name() const {
    return std::string(kScenarios[scenario]).append(", ").append(kSides[side]) + ", " +
           std::string(kWires[wire]);
  }
};

template <size_t N>
[[nodiscard]] std::optional<size_t> find_name(const std::array<std::string_view, N>& names,
                                              std::string_view name) {
  for (size_t i = 0; i < N; ++i)
    if (names[i] == name) return i;
  return std::nullopt;
}

}  // namespace coroipc::death
