// The zero-copy buffers that one client has shared with the server. On this wire a client names a
// buffer by the number that the server wrote into it. The original writes an address there and
// follows whatever comes back; here the number is only looked up.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "sys/mapping.h"
#include "wire/classic/layout.h"
#include "wire/server_channel.h"

namespace coroipc::wire::classic {

class ZeroCopyBuffers {
 public:
  // At most so many buffers, each of at most so many bytes, and all of them together.
  ZeroCopyBuffers(uid_t owner, size_t max_buffers, size_t max_bytes, uint64_t max_bytes_in_all)
      : owner_(owner),
        max_buffers_(max_buffers),
        max_bytes_(max_bytes),
        max_bytes_in_all_(max_bytes_in_all) {}

  // The status that answers an alloc or a free.
  [[nodiscard]] Status alloc(const ZcbAllocMessage& message);
  [[nodiscard]] Status free(const ZcbFreeMessage& message);

  // The request that lies in the buffer of that number, its header checked; null when there is
  // no such buffer, or no such request in it.
  struct Found {
    SharedView view;
    RequestHeader header;
  };
  [[nodiscard]] std::optional<Found> find(const ZcbExecuteMessage& message) const;

 private:
  uid_t owner_;
  size_t max_buffers_;
  size_t max_bytes_;
  uint64_t max_bytes_in_all_;
  uint64_t bytes_ = 0;
  uint64_t next_ = 1;
  std::unordered_map<uint64_t, std::shared_ptr<sys::Mapping>> buffers_;
};

}  // namespace coroipc::wire::classic
