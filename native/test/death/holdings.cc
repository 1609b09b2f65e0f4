#include "test/death/holdings.h"

#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>
#include <string_view>

#include "sys/clock.h"

namespace coroipc::death {

namespace {

constexpr int64_t kNamesPatienceNs = 2'000'000'000;
constexpr int kSettledLooks = 5;
constexpr int kSettledPauseUs = 10'000;

void each_entry(const char* path, const std::function<void(const std::string&)>& visit) {
  DIR* directory = opendir(path);
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory))
    if (entry->d_name[0] != '.') visit(entry->d_name);
  closedir(directory);
}

bool is_memory(std::string_view name) {
  return name.find("/memfd:coroipc") != name.npos || name.find("/dev/shm/") != name.npos;
}

}  // namespace

std::string Holdings::text() const {
  return std::to_string(descriptors) + " descriptors, " + std::to_string(memory_files) +
         " of them of shared memory, " + std::to_string(mappings) + " mappings, " +
         std::to_string(threads) + " threads";
}

Holdings holdings() {
  Holdings found;
  each_entry("/proc/self/fd", [&](const std::string& name) {
    ++found.descriptors;
    std::array<char, 256> target{};
    const ssize_t length =
        readlink(("/proc/self/fd/" + name).c_str(), target.data(), target.size());
    if (length > 0 && is_memory({target.data(), static_cast<size_t>(length)})) ++found.memory_files;
  });
  each_entry("/proc/self/task", [&](const std::string&) { ++found.threads; });
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) found.mappings += is_memory(line) ? 1 : 0;
  return found;
}

Holdings settled_holdings() {
  Holdings found = holdings();
  for (int same = 0; same < kSettledLooks;) {
    usleep(kSettledPauseUs);
    const Holdings now = holdings();
    same = now == found ? same + 1 : 0;
    found = now;
  }
  return found;
}

std::set<std::string> SharedNames::list() {
  std::set<std::string> names;
  each_entry("/dev/shm", [&](const std::string& name) {
    if (name.find("_buffer-") != name.npos || name.starts_with("corosync_zerocopy"))
      names.insert(name);
  });
  return names;
}

std::set<std::string> SharedNames::left() {
  std::set<std::string> fresh = list();
  std::erase_if(fresh, [&](const std::string& name) { return known_.contains(name); });
  for (const int64_t end = sys::now_ns() + kNamesPatienceNs; !fresh.empty() && sys::now_ns() < end;
       usleep(1000)) {
    const std::set<std::string> now = list();
    std::erase_if(fresh, [&](const std::string& name) { return !now.contains(name); });
  }
  known_.insert(fresh.begin(), fresh.end());
  return fresh;
}

bool take_shared_names() {
  const uid_t user = getuid();
  if (unshare(CLONE_NEWNS) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    const std::string map = std::to_string(user) + " " + std::to_string(user) + " 1";
    if (!(std::ofstream("/proc/self/uid_map") << map << std::flush)) return false;
  }
  return mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("tmpfs", "/dev/shm", "tmpfs", 0, nullptr) == 0;
}

}  // namespace coroipc::death
