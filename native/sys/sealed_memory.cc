#include "sys/sealed_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include "sys/memory_file.h"

namespace coroipc::sys {
namespace {

size_t total_bytes(std::span<const size_t> rings) {
  size_t total = control_bytes();
  for (const size_t ring : rings) total += ring;
  return total;
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
  Result<Fd> file = make_memory_file(total_bytes(rings));
  if (!file.ok()) return file.failure();
  memory.file_ = std::move(file.value());
  Outcome mapped = memory.map(rings, PROT_READ | PROT_WRITE);
  if (!mapped.ok()) return mapped.failure();
  Outcome sealed = seal_memory_file(memory.file_);
  if (!sealed.ok()) return sealed.failure();
  return memory;
}

Result<SealedMemory> SealedMemory::take(Fd file, std::span<const size_t> rings) {
  Outcome checked = check_memory_file(file, total_bytes(rings));
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
