// What one environment has open: loops, timers and signals, each by a number that is never used
// twice. It goes with the environment. JavaScript thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "epoll/epoll_set.h"
#include "epoll/loops.h"
#include "sys/descriptors.h"
#include "sys/signal_pipe.h"

namespace coroipc::epoll {

struct State {
  std::map<uint64_t, std::unique_ptr<EpollSet>> loops;
  std::map<uint64_t, sys::Timer> timers;
  std::map<uint64_t, std::unique_ptr<sys::SignalPipe>> signals;
  uint64_t next = 1;  // timers and signals; loops are numbered by the process

  State() = default;
  ~State() {
    for (const auto& [number, set] : loops) withdraw(number);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

}  // namespace coroipc::epoll
