// A zero-copy buffer as the client holds it: memory that the server has mapped too.
#pragma once

#include <memory>

#include "sys/mapping.h"
#include "wire/classic/layout.h"

namespace coroipc::client {

struct ZeroCopyBuffer {
  std::shared_ptr<sys::Mapping> memory;
  uint64_t server_handle = 0;  // what the server calls it

  // What the user sees: the memory behind the wire's own header.
  [[nodiscard]] std::byte* data() const {
    return memory->data() + sizeof(wire::classic::ZcbHeader);
  }
  [[nodiscard]] size_t size() const { return memory->size() - sizeof(wire::classic::ZcbHeader); }
};

}  // namespace coroipc::client
