// How many CPUs there are for this process.
#pragma once

#include <sys/types.h>

#include <string_view>

namespace coroipc::sys {

// On how many CPUs this process can run at once, at least 1: those that it may run on
// (sched_getaffinity(2), of the calling thread), or fewer where a control group gives it less of
// their time; of a quota that is no whole number only the whole CPUs count. What cannot be read
// limits nothing. Reads a handful of small files, so call it once, not once a connection.
[[nodiscard]] unsigned usable_cpus();

// How this process waits awake for another, as far as their CPUs go.
enum class Waiting {
  kSleeps,  // not at all: of the time of its CPUs it gets less than one has
  kYields,  // on the one CPU that both have, which it leaves to the other between two looks
  kSpins,   // on a CPU of its own
};

// For a process that may run wherever this one may. Reads files, as usable_cpus does.
[[nodiscard]] Waiting own_waiting();
// For that process: if this one may run on one CPU alone, the other may have another. `own` is what
// own_waiting said.
[[nodiscard]] Waiting waiting_for(pid_t process, Waiting own);

// What control groups leave of `cpus`: `groups` and `mounts` as in cgroup.h.
[[nodiscard]] unsigned within_quotas(unsigned cpus, std::string_view groups,
                                     std::string_view mounts);

}  // namespace coroipc::sys
