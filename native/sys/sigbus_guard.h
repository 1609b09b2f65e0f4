// Survives a peer that truncates a file we have mapped. A touch of such a page raises SIGBUS; the
// guard's handler knows every mapping of this library, puts an anonymous page of zeros in the
// place, marks the mapping as torn, and lets the touch go on. A SIGBUS anywhere else goes to
// whoever handled it before.
//
// Signal handlers belong to the process, so this is the one piece of state that is not an
// environment's. Any thread may call any of it; the handler itself only reads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sys/result.h"

namespace coroipc::sys::sigbus_guard {

// Guards [at, at + bytes); installs the handler at the first call. NO_RESOURCES beyond 65536.
[[nodiscard]] Result<uint32_t> add(void* at, size_t bytes);
// To be called before the memory is unmapped.
void remove(uint32_t slot);
[[nodiscard]] bool torn(uint32_t slot);

}  // namespace coroipc::sys::sigbus_guard
