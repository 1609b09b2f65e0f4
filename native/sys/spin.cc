#include "sys/spin.h"

#include <sched.h>

namespace coroipc::sys {

bool several_cpus() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  return sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) > 1;
}

}  // namespace coroipc::sys
