// Counts what a process does that another can see: its system calls, and the instructions that
// store to memory it shares. Just before the n-th it sends itself a signal. Between two such steps
// nothing changes that a survivor could see, so a death at each of them stands for a death at any
// instruction. The code that is counted knows nothing of it; docs/decisions/012-death-by-traps.md
// says why it is done so.
//
// - A system call is trapped by a seccomp filter, counted, and then made by the handler, whose own
//   call the filter lets pass. Not counted are those that glibc makes where no signal can be
//   handled, about threads' starts and ends, and the returns from handlers.
// - Shared memory is writable, but mapped as readable only, from the moment that it is mapped. A
//   store faults, is counted, and is then made by a single step with the mapping open.
//
// x86-64 only. For a process that does nothing else with SIGSYS, SIGSEGV and SIGTRAP; a fault that
// is not about such memory ends it as ever. Handlers belong to the process, so this state does.
#pragma once

#include <cstdint>

#include "test/death/page.h"

namespace coroipc::death {

// Counts from here on while `page->armed`, on every thread that this one starts, and on this one.
// `at` is the step before which `signal` is sent; 0 is never. Called once, before any shared memory
// is mapped but the page's. False: the kernel refuses the filter.
[[nodiscard]] bool count_steps(Page* page, uint32_t at, int signal);

}  // namespace coroipc::death
