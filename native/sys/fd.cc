#include "sys/fd.h"

#include <fcntl.h>
#include <unistd.h>

namespace coroipc::sys {

void Fd::reset() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

Result<Fd> duplicate(const Fd& fd) {
  const int copy = fcntl(fd.get(), F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return system_failure("fcntl");
  return Fd(copy);
}

}  // namespace coroipc::sys
