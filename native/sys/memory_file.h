// Files of memory that one process writes and others read: memfds, sealed so that nobody can change
// their size, nobody but their maker can write to them, and no page of them can go away under a
// reader. The maker maps its file before it seals it.
#pragma once

#include <cstddef>

#include "sys/fd.h"

namespace coroipc::sys {

// A file of that size, all zeros and all there.
[[nodiscard]] Result<Fd> make_memory_file(size_t bytes);
// From here on a new mapping cannot be written to; those that exist can.
[[nodiscard]] Outcome seal_memory_file(const Fd& file);
// INVALID_PARAM, and no system call that failed, when the file is not sealed so, not of that size,
// not all there, or no memory file at all.
[[nodiscard]] Outcome check_memory_file(const Fd& file, size_t bytes);

}  // namespace coroipc::sys
