// What a judge has found in one cell.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace coroipc::death {

struct Findings {
  uint32_t signals = 0;  // that were sent: deaths, or stops
  uint32_t steps = 0;    // of a subject that lived
  std::vector<std::string> failures;
  std::vector<double> latencies_ms;  // from a death to the survivor's hearing of it
  uint32_t timeouts = 0;             // of waits, while a peer was stopped

  void fail(uint32_t at, const std::string& what) {
    failures.push_back("at step " + std::to_string(at) + ": " + what);
  }
  bool expect(bool holds, uint32_t at, const std::string& what) {
    if (!holds) fail(at, what);
    return holds;
  }
};

// How many failures are told before a cell is given up.
inline constexpr size_t kMostFailures = 5;

}  // namespace coroipc::death
