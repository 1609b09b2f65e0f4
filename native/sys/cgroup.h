// How much of the CPUs the control groups of this process leave it, read from texts of the kernel:
// no file is opened here. See cgroups(7), and `cpu.max` in the kernel's page on control groups v2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coroipc::sys {

// A group of this process that may hold a quota of CPU time: the directory `path` below `mount`.
// The directories between them are its parents, whose quotas hold for it too.
struct CpuGroup {
  enum class Version { kOne, kTwo } version = Version::kTwo;
  std::string mount;
  std::string path;  // empty, or begins with a slash; never climbs
};

// The groups of /proc/self/cgroup (`groups`) as they are mounted by /proc/self/mountinfo
// (`mounts`); a mount that shows other groups only is left out.
[[nodiscard]] std::vector<CpuGroup> cpu_groups(std::string_view groups, std::string_view mounts);

// How many CPUs' time a quota is; nothing where there is no limit, or no sense in the text.
// Of version 2: "quota period" or "max period".
[[nodiscard]] std::optional<double> quota_of_two(std::string_view cpu_max);
// Of version 1: two files; a negative quota is none.
[[nodiscard]] std::optional<double> quota_of_one(std::string_view quota_us,
                                                 std::string_view period_us);

}  // namespace coroipc::sys
