// Judges one cell: sends the subject its signal before step after step, and looks each time at what
// the survivor makes of it, and at what is left.
#pragma once

#include "test/death/cells.h"
#include "test/death/findings.h"

namespace coroipc::death {

// Which steps: the first, and then every `stride`-th, up to the last, and on until a subject takes
// them all: how many there are differs a little from one run to the next.
struct Steps {
  uint32_t first = 1;
  uint32_t stride = 1;
  uint32_t last = 0;
};

// SIGKILL. The survivor's call ends with an error, the disconnect function of who had a connect
// function runs once, nothing is left, and the next connect and call work.
void judge_deaths(const Cell& cell, const Steps& steps, Findings& findings);

// SIGSTOP. Waits time out, others are served, and all goes on with SIGCONT.
void judge_stops(const Cell& cell, const Steps& steps, Findings& findings);

// How many steps a subject takes that gets no signal; 0: it fails.
[[nodiscard]] uint32_t steps_of(const Cell& cell);

// A name for servers of this judge.
[[nodiscard]] std::string server_name();

}  // namespace coroipc::death
