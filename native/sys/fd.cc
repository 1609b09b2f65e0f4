#include "sys/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coroipc::sys {

void Fd::reset() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

bool same_file(const Fd& one, const Fd& other) {
  struct stat a {};
  struct stat b {};
  return fstat(one.get(), &a) == 0 && fstat(other.get(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

Result<Fd> duplicate(const Fd& fd) {
  const int copy = fcntl(fd.get(), F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return system_failure("fcntl");
  return Fd(copy);
}

}  // namespace coroipc::sys
