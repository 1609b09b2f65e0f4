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

// Whether this process may run on one CPU alone, and that other process on another. Then a wait
// awake for it is worth while all the same.
[[nodiscard]] bool has_cpu_elsewhere(pid_t process);

// What control groups leave of `cpus`: `groups` and `mounts` as in cgroup.h.
[[nodiscard]] unsigned within_quotas(unsigned cpus, std::string_view groups,
                                     std::string_view mounts);

}  // namespace coroipc::sys
