// An ArrayBuffer over shared memory. It keeps the mapping alive for as long as JavaScript can
// reach it, and is detached when its owner says that the memory is no longer to be seen; every
// Buffer made over it is then empty, not dangling.
#pragma once

#include <napi.h>

#include <memory>

#include "sys/mapping.h"

namespace coroipc::js {

class View {
 public:
  View() = default;
  // Over `bytes` bytes at `offset`. Empty when it could not be made; an exception is then pending.
  View(Napi::Env env, std::shared_ptr<sys::Mapping> memory, size_t offset, size_t bytes);

  [[nodiscard]] bool empty() const { return buffer_.IsEmpty(); }
  // Precondition of both: not empty.
  [[nodiscard]] Napi::ArrayBuffer value() const { return buffer_.Value(); }
  [[nodiscard]] bool is(const Napi::Value& other) const { return value().StrictEquals(other); }

  void detach();

 private:
  Napi::Reference<Napi::ArrayBuffer> buffer_;
};

}  // namespace coroipc::js
