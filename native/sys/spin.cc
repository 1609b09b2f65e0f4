#include "sys/spin.h"

#include "sys/cpus.h"

namespace coroipc::sys {

bool several_cpus() { return usable_cpus() > 1; }

}  // namespace coroipc::sys
