#include "sys/buffer_memory.h"

#include <sys/mman.h>

#include "sys/memory_file.h"

namespace coroipc::sys {

BufferMemory::~BufferMemory() {
  if (data_ != nullptr) munmap(data_, size_);
}

Result<BufferMemory> BufferMemory::make(size_t bytes) {
  BufferMemory memory;
  Result<Fd> file = make_memory_file(bytes);
  if (!file.ok()) return file.failure();
  memory.file_ = std::move(file.value());
  Outcome mapped = memory.map(memory.file_, bytes, MAP_SHARED);
  if (!mapped.ok()) return mapped.failure();
  Outcome sealed = seal_memory_file(memory.file_);
  if (!sealed.ok()) return sealed.failure();
  return memory;
}

Result<BufferMemory> BufferMemory::take(const Fd& file, size_t bytes) {
  Outcome checked = check_memory_file(file, bytes);
  if (!checked.ok()) return checked.failure();
  BufferMemory memory;
  // No swap is set aside for copies that hardly anybody ever makes.
  Outcome mapped = memory.map(file, bytes, MAP_PRIVATE | MAP_NORESERVE);
  if (!mapped.ok()) return mapped.failure();
  return memory;
}

Outcome BufferMemory::map(const Fd& file, size_t bytes, int flags) {
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, file.get(), 0);
  if (at == MAP_FAILED) return system_failure("mmap");
  data_ = static_cast<std::byte*>(at);
  size_ = bytes;
  if (madvise(data_, size_, MADV_DONTFORK) != 0) return system_failure("madvise");
  return Nothing{};
}

}  // namespace coroipc::sys
