// A zero-copy buffer as the client holds it: memory that the server has mapped too.
#pragma once

#include <cstdint>

#include "wire/buffers.h"

namespace coroipc::client {

struct ZeroCopyBuffer {
  // What the user sees: a message, from its header on.
  wire::SharedMemory memory;
  // What the other side calls it.
  uint64_t handle = 0;
};

}  // namespace coroipc::client
