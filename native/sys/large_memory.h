// Memory for large messages. Where glibc has heard of no large block yet, it gives memory back to
// the kernel as soon as 128 KiB are free at the end of its heap, and a block of 128 KiB or more at
// once. Each large message then meets pages that are new: the faults cost two or three times as
// much as to copy its bytes. glibc adapts to what a program frees, up to blocks of 32 MiB; after
// some large messages it is shown one of that size. decisions/017 has the reasons and the price.
#pragma once

#include <cstddef>

namespace coroipc::sys {

// Messages from this size on are large.
inline constexpr size_t kLargeMessage = size_t{32} << 10;
// So many bytes of them, all connections of the process together, and glibc is shown the block.
inline constexpr size_t kManyLarge = size_t{8} << 20;

// Counts a message that is copied to memory of its own. Any thread may call it.
void count_memory(size_t bytes);

}  // namespace coroipc::sys
