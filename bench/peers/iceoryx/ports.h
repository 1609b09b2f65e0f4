// What both sides of the iceoryx program share: the services' names, and the two ways to wait for
// something: looking again and again (way=poll), or sleeping in a WaitSet (way=wait).
#pragma once

#include <sched.h>

#include <cstdlib>
#include <iceoryx_hoofs/cxx/string.hpp>
#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/capro/service_description.hpp>
#include <iceoryx_posh/popo/wait_set.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>
#include <string>

#include "../../floor/clock.h"
#include "../shared/options.h"

namespace iceoryx {

inline constexpr uint32_t kAlignment = 8;

// The name of a process, and a part of its services' names, so that runs do not meet.
[[nodiscard]] inline iox::RuntimeName_t name_of(const char* side, pid_t caller) {
  const std::string name = std::string("coroipc-bench-") + side + "-" + std::to_string(caller);
  return {iox::cxx::TruncateToCapacity, name};
}

[[nodiscard]] inline iox::capro::ServiceDescription service_of(pid_t caller) {
  const iox::RuntimeName_t name = name_of("service", caller);
  return {"coroipc-bench", iox::capro::IdString_t(iox::cxx::TruncateToCapacity, name.c_str()),
          "bytes"};
}

// The runtime would tell of the memory that it maps at each start.
inline void join(const char* side, pid_t caller) {
  iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kWarn,
                                                           iox::log::LogLevelOutput::kHideLogLevel);
  iox::runtime::PoshRuntime::initRuntime(name_of(side, caller));
}

// Between two looks. On a CPU of one's own what is waited for is there before a yield; who shares
// one lets the other side run at once.
class Patience {
 public:
  explicit Patience(const bench::Options& options) : one_cpu_(bench::share_a_cpu(options)) {}

  void look_again() {
    looks_ += 1;
    if (one_cpu_ || looks_ % kLooks == 0) {
      sched_yield();
    } else {
      bench::relax();
    }
  }

 private:
  static constexpr unsigned kLooks = 50;
  bool one_cpu_;
  unsigned looks_ = 0;
};

}  // namespace iceoryx
