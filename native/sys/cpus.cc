#include "sys/cpus.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "sys/cgroup.h"
#include "sys/fd.h"

namespace coroipc::sys {

namespace {

// What a file holds, up to a bound that none of these reaches; empty when it cannot be read.
std::string contents(const std::string& path) {
  constexpr size_t kMost = 1 << 20;
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> part;
  while (file.open() && text.size() < kMost) {
    const ssize_t got = read(file.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(part.data(), static_cast<size_t>(got));
  }
  return text;
}

std::optional<double> quota_in(const std::string& directory, CpuGroup::Version version) {
  if (version == CpuGroup::Version::kTwo) return quota_of_two(contents(directory + "/cpu.max"));
  const std::string quota = contents(directory + "/cpu.cfs_quota_us");
  if (quota.empty()) return std::nullopt;
  return quota_of_one(quota, contents(directory + "/cpu.cfs_period_us"));
}

unsigned allowed_cpus() {
  // The kernel refuses a set that is smaller than its own, and says not how large that is.
  for (size_t most = CPU_SETSIZE; most <= CPU_SETSIZE * 64; most *= 2) {
    cpu_set_t* const set = CPU_ALLOC(most);
    if (set == nullptr) break;
    const size_t bytes = CPU_ALLOC_SIZE(most);
    CPU_ZERO_S(bytes, set);
    const bool told = sched_getaffinity(0, bytes, set) == 0;
    const int count = told ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (told) return static_cast<unsigned>(std::max(count, 1));
  }
  return static_cast<unsigned>(std::max(sysconf(_SC_NPROCESSORS_ONLN), 1L));
}

}  // namespace

unsigned within_quotas(unsigned cpus, std::string_view groups, std::string_view mounts) {
  double left = cpus;
  for (const CpuGroup& group : cpu_groups(groups, mounts)) {
    std::string path = group.path;
    for (;;) {
      const std::optional<double> quota = quota_in(group.mount + path, group.version);
      left = std::min(left, quota.value_or(left));
      if (path.empty()) break;
      path.resize(path.rfind('/'));
    }
  }
  return static_cast<unsigned>(std::max(left, 1.0));
}

unsigned usable_cpus() {
  const unsigned allowed = allowed_cpus();
  if (allowed == 1) return 1;
  return within_quotas(allowed, contents("/proc/self/cgroup"), contents("/proc/self/mountinfo"));
}

Waiting own_waiting() {
  if (usable_cpus() > 1) return Waiting::kSpins;
  return allowed_cpus() == 1 ? Waiting::kYields : Waiting::kSleeps;
}

Waiting waiting_for(pid_t process, Waiting own) {
  if (own != Waiting::kYields) return own;
  cpu_set_t ours;
  cpu_set_t theirs;
  CPU_ZERO(&ours);
  CPU_ZERO(&theirs);
  // A process of another namespace has no number here: 0, which would be ourselves.
  if (process <= 0 || sched_getaffinity(0, sizeof ours, &ours) != 0 ||
      sched_getaffinity(process, sizeof theirs, &theirs) != 0)
    return own;
  cpu_set_t both;
  CPU_OR(&both, &ours, &theirs);
  return CPU_COUNT(&both) > 1 ? Waiting::kSpins : own;
}

}  // namespace coroipc::sys
