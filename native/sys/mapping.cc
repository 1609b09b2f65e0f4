#include "sys/mapping.h"

#include <sys/mman.h>
#include <unistd.h>

#include "sys/sigbus_guard.h"

namespace coroipc::sys {

namespace {

constexpr int kReadWrite = PROT_READ | PROT_WRITE;

}  // namespace

Mapping::~Mapping() {
  if (data_ == nullptr) return;
  sigbus_guard::remove(guard_);
  munmap(data_, size_);
}

Result<Mapping> Mapping::whole(const Fd& file, size_t bytes) {
  void* at = mmap(nullptr, bytes, kReadWrite, MAP_SHARED, file.get(), 0);
  if (at == MAP_FAILED) return system_failure("mmap");
  Result<uint32_t> guard = sigbus_guard::add(at, bytes);
  if (!guard.ok()) {
    munmap(at, bytes);
    return guard.failure();
  }
  return Mapping(static_cast<std::byte*>(at), bytes, guard.value());
}

Result<Mapping> Mapping::ring(const Fd& file, size_t bytes) {
  // Reserve both halves first, so that nothing else can come to lie in the second.
  void* at =
      mmap(nullptr, bytes * 2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return system_failure("mmap");
  std::byte* base = static_cast<std::byte*>(at);
  for (std::byte* half : {base, base + bytes}) {
    if (mmap(half, bytes, kReadWrite, MAP_SHARED | MAP_FIXED, file.get(), 0) == MAP_FAILED) {
      const Failure failure = system_failure("mmap");
      munmap(base, bytes * 2);
      return failure;
    }
  }
  Result<uint32_t> guard = sigbus_guard::add(base, bytes * 2);
  if (!guard.ok()) {
    munmap(base, bytes * 2);
    return guard.failure();
  }
  return Mapping(base, bytes * 2, guard.value());
}

bool Mapping::torn() const { return data_ != nullptr && sigbus_guard::torn(guard_); }

void blank(std::byte* data, size_t bytes) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  const size_t before = reinterpret_cast<uintptr_t>(data) % round_up_to_pages(1);
  (void)mmap(data - before, bytes + before, PROT_READ | PROT_WRITE, kFlags, -1, 0);
}

size_t round_up_to_pages(size_t bytes) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

}  // namespace coroipc::sys
