// A message of a native ring, once its record and its header were checked.
#pragma once

#include "ring/record_ring.h"
#include "wire/message.h"

namespace coroipc::wire::native {

// What a record holds.
enum class RecordKind : uint32_t { kMessage = 0 };

struct Message {
  uint64_t sequence = 0;
  int32_t id = 0;
  uint32_t size = 0;  // header included
  const std::byte* bytes = nullptr;
};

// Whether the record is a message with such a header, of a size that lies within the record.
template <class Header>
[[nodiscard]] bool read_message(const ring::RecordView& view, Message& message) {
  if (view.kind != static_cast<uint32_t>(RecordKind::kMessage) || view.size < sizeof(Header))
    return false;
  const Header header = copy_out<Header>(view.message);
  if (header.size < static_cast<int32_t>(sizeof(Header)) ||
      static_cast<uint32_t>(header.size) > view.size)
    return false;
  message = {view.sequence, header.id, static_cast<uint32_t>(header.size), view.message};
  return true;
}

}  // namespace coroipc::wire::native
