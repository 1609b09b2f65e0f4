// Descriptors that a peer may send in place of the one that is due, and files that it may name.
#pragma once

#include <string>
#include <utility>

#include "fuzz/input.h"
#include "sys/fd.h"

namespace coroipc::fuzz {

// The next choice of the script: the memory that is due, of `right` bytes; such memory in which one
// thing is wrong; something else; or none.
[[nodiscard]] sys::Fd some_descriptor(Input& input, size_t right);

// Memory of `bytes` bytes that is all there and sealed as the wire wants it.
[[nodiscard]] sys::Fd right_descriptor(size_t bytes);

// Makes what a path of the classic wire may name, beside what it should name, and says the path.
// `stem` is the beginning of every name in /dev/shm, and `number` tells them apart.
[[nodiscard]] std::string some_path(Input& input, const std::string& stem, int number,
                                    size_t right);
// A regular file of that size; the path.
[[nodiscard]] std::string right_path(const std::string& stem, int number, size_t bytes);
// Removes what those two have left in /dev/shm.
void sweep(const std::string& stem);

// Two sockets that are connected to each other.
[[nodiscard]] std::pair<sys::Fd, sys::Fd> socket_pair();

// Descriptors that this process has open.
[[nodiscard]] size_t open_descriptors();

}  // namespace coroipc::fuzz
