// The loops of the process by number, for one thread to stop another's: the one thing that loops
// of different environments share. Any thread may call any of it.
#pragma once

#include <cstdint>

#include "epoll/epoll_set.h"

namespace coroipc::epoll {

// Makes the set known, and gives it a number that no other ever has.
[[nodiscard]] uint64_t publish(EpollSet& set);
// To be called before the set goes.
void withdraw(uint64_t number);
// Asks a loop to stop. False: there is no such loop, or none any more.
[[nodiscard]] bool stop(uint64_t number);

}  // namespace coroipc::epoll
