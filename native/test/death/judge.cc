#include "test/death/judge.h"

#include <signal.h>
#include <unistd.h>

#include "test/death/judge_sides.h"

namespace coroipc::death {

namespace {

void judge(const Cell& cell, const Steps& steps, int signal, Findings& findings) {
  cell.who() == Side::kServer ? judge_servers(cell, steps, signal, findings)
                              : judge_clients(cell, steps, signal, findings);
}

// Beyond any scenario.
constexpr Steps kNever{1U << 30, 1, 0};

}  // namespace

void judge_deaths(const Cell& cell, const Steps& steps, Findings& findings) {
  judge(cell, steps, SIGKILL, findings);
}

void judge_stops(const Cell& cell, const Steps& steps, Findings& findings) {
  judge(cell, steps, SIGSTOP, findings);
}

uint32_t steps_of(const Cell& cell) {
  Findings findings;
  judge(cell, kNever, SIGKILL, findings);
  for (const std::string& failure : findings.failures) printf("  %s\n", failure.c_str());
  return findings.failures.empty() ? findings.steps : 0;
}

std::string server_name() { return "coroipc-death-" + std::to_string(getpid()); }

}  // namespace coroipc::death
