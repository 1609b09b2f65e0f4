#include "sys/large_memory.h"

#include <atomic>
#include <cstdlib>

namespace coroipc::sys {

namespace {

// The largest block that glibc adapts to, with what it has around it. Nothing is ever written
// there, so no page of it comes to be.
constexpr size_t kLargestBlock = (size_t{32} << 20) - 8192;

std::atomic<size_t> counted = 0;

void show_large_block() {
  void* block = std::malloc(kLargestBlock);
  // To the compiler a block that nobody uses is none.
  asm volatile("" : "+r"(block) : : "memory");
  std::free(block);
}

}  // namespace

void count_memory(size_t bytes) {
  if (bytes < kLargeMessage || counted.load(std::memory_order_relaxed) >= kManyLarge) return;
  const size_t before = counted.fetch_add(bytes, std::memory_order_relaxed);
  if (before < kManyLarge && before + bytes >= kManyLarge) show_large_block();
}

}  // namespace coroipc::sys
