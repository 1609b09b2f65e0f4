#include "epoll/loops.h"

#include <mutex>
#include <unordered_map>

namespace coroipc::epoll {
namespace {

struct Loops {
  std::mutex mutex;
  std::unordered_map<uint64_t, EpollSet*> sets;
  uint64_t next = 1;
};

// Never destroyed: an environment may end after the process has begun to.
Loops& loops() {
  static Loops* const the = new Loops;
  return *the;
}

}  // namespace

uint64_t publish(EpollSet& set) {
  Loops& the = loops();
  const std::lock_guard lock(the.mutex);
  const uint64_t number = the.next++;
  the.sets.emplace(number, &set);
  return number;
}

void withdraw(uint64_t number) {
  Loops& the = loops();
  const std::lock_guard lock(the.mutex);
  the.sets.erase(number);
}

bool stop(uint64_t number) {
  Loops& the = loops();
  const std::lock_guard lock(the.mutex);
  const auto found = the.sets.find(number);
  if (found == the.sets.end()) return false;
  found->second->ask_to_stop();
  return true;
}

}  // namespace coroipc::epoll
