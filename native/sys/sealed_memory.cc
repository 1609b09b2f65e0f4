#include "sys/sealed_memory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

namespace coroipc::sys {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
constexpr size_t kBlock = 512;  // what fstat(2) counts in

size_t total_bytes(std::span<const size_t> rings) {
  size_t total = control_bytes();
  for (const size_t ring : rings) total += ring;
  return total;
}

// A hole would be filled at the first touch, and that may fail; sealed as it is, the file gets no
// holes any more.
Outcome check(const Fd& file, size_t bytes) {
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

}  // namespace

size_t control_bytes() {
  static const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return page;
}

SealedMemory::~SealedMemory() {
  if (mapped_ != 0) munmap(data_, mapped_);
}

Result<SealedMemory> SealedMemory::make(std::span<const size_t> rings) {
  SealedMemory memory;
  memory.file_ = Fd(memfd_create("coroipc", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.file_.open()) return system_failure("memfd_create");
  const int fd = memory.file_.get();
  const size_t bytes = total_bytes(rings);
  int code = EINTR;
  while (code == EINTR) code = posix_fallocate(fd, 0, static_cast<off_t>(bytes));
  if (code != 0) return system_failure("posix_fallocate", code);
  Outcome mapped = memory.map(rings, PROT_READ | PROT_WRITE);
  if (!mapped.ok()) return mapped.failure();
  // From here on a new mapping cannot be written to; the one just made can.
  if (fcntl(fd, F_ADD_SEALS, kSeals) != 0) return system_failure("fcntl");
  return memory;
}

Result<SealedMemory> SealedMemory::take(Fd file, std::span<const size_t> rings) {
  Outcome checked = check(file, total_bytes(rings));
  if (!checked.ok()) return checked.failure();
  SealedMemory memory;
  memory.file_ = std::move(file);
  Outcome mapped = memory.map(rings, PROT_READ);
  if (!mapped.ok()) return mapped.failure();
  memory.close_file();
  return memory;
}

SealedMemory SealedMemory::lend() const {
  SealedMemory memory;
  memory.data_ = data_;
  memory.rings_ = rings_;
  return memory;
}

Outcome SealedMemory::map(std::span<const size_t> rings, int protection) {
  size_t mapped = control_bytes();
  for (const size_t ring : rings) mapped += 2 * ring;
  // All of it is reserved first, so that nothing else can come to lie in between.
  void* at = mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return system_failure("mmap");
  data_ = static_cast<std::byte*>(at);
  mapped_ = mapped;

  const auto place = [&](std::byte* to, size_t bytes, size_t offset) {
    return mmap(to, bytes, protection, MAP_SHARED | MAP_FIXED, file_.get(),
                static_cast<off_t>(offset)) != MAP_FAILED;
  };
  size_t offset = control_bytes();
  if (!place(data_, offset, 0)) return system_failure("mmap");
  std::byte* to = data_ + offset;
  for (size_t i = 0; i < rings.size(); ++i) {
    rings_[i] = to;
    for (int half = 0; half < 2; ++half, to += rings[i])
      if (!place(to, rings[i], offset)) return system_failure("mmap");
    offset += rings[i];
  }
  if (madvise(data_, mapped_, MADV_DONTFORK) != 0) return system_failure("madvise");
  return Nothing{};
}

}  // namespace coroipc::sys
