// The two halves of judge.h, by who it is that dies.
#pragma once

#include "test/death/judge.h"

namespace coroipc::death {

void judge_servers(const Cell& cell, const Steps& steps, int signal, Findings& findings);
void judge_clients(const Cell& cell, const Steps& steps, int signal, Findings& findings);

}  // namespace coroipc::death
