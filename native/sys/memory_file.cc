#include "sys/memory_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>

namespace coroipc::sys {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
constexpr size_t kBlock = 512;  // what fstat(2) counts in

}  // namespace

Result<Fd> make_memory_file(size_t bytes) {
  Fd file(memfd_create("coroipc", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.open()) return system_failure("memfd_create");
  int code = EINTR;
  while (code == EINTR) code = posix_fallocate(file.get(), 0, static_cast<off_t>(bytes));
  if (code != 0) return system_failure("posix_fallocate", code);
  return file;
}

Outcome seal_memory_file(const Fd& file) {
  if (fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return system_failure("fcntl");
  return Nothing{};
}

// A hole would be filled at the first touch, and that may fail; sealed as it is, the file gets no
// holes any more.
Outcome check_memory_file(const Fd& file, size_t bytes) {
  const Failure refused{Status::kErrInvalidParam};
  const int seals = fcntl(file.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals) return refused;
  struct stat found {};
  struct statfs system {};
  if (fstat(file.get(), &found) != 0) return system_failure("fstat");
  if (fstatfs(file.get(), &system) != 0) return system_failure("fstatfs");
  if (!S_ISREG(found.st_mode) || system.f_type != TMPFS_MAGIC) return refused;
  if (found.st_size < 0 || static_cast<size_t>(found.st_size) != bytes) return refused;
  if (static_cast<size_t>(found.st_blocks) * kBlock < bytes) return refused;
  return Nothing{};
}

}  // namespace coroipc::sys
