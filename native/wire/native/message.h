// A message of a native ring, once its record and its header were checked.
#pragma once

#include <algorithm>

#include "ring/record_ring.h"
#include "wire/message.h"
#include "wire/native/own_buffers.h"
#include "wire/native/peer_buffers.h"

namespace coroipc::wire::native {

// What a record holds.
enum class RecordKind : uint32_t { kMessage = 0, kMessageInBuffer = 1 };

// In place of a buffer's number: the message lies in the ring.
inline constexpr uint32_t kInRing = kMostBuffers;

struct Message {
  uint64_t sequence = 0;
  int32_t id = 0;
  uint32_t size = 0;  // header included
  const std::byte* bytes = nullptr;
  // Of a response or a dispatch message. For one in a buffer it counts, and not what lies there.
  int32_t error = 0;
  uint32_t buffer = kInRing;  // the number of the peer's buffer that it lies in
};

// What follows the header of a message in a buffer.
struct PlaceLayout {
  uint32_t number;
  uint32_t zero;
  uint64_t offset;
};
static_assert(sizeof(PlaceLayout) == 16 && offsetof(PlaceLayout, offset) == 8);

// The checked fields of a header; of its size, that it holds the header at least.
template <class Header>
[[nodiscard]] bool read_header(const ring::RecordView& view, Message& message) {
  if (view.size < sizeof(Header)) return false;
  const Header header = copy_out<Header>(view.message);
  if (header.size < static_cast<int32_t>(sizeof(Header))) return false;
  message.sequence = view.sequence;
  message.id = header.id;
  message.size = static_cast<uint32_t>(header.size);
  message.bytes = view.message;
  message.buffer = kInRing;
  if constexpr (sizeof(Header) == sizeof(ResponseHeader)) message.error = header.error;
  return true;
}

// Whether the record is a message with such a header, of a size that lies within the record, or a
// message that lies within one of the peer's buffers.
template <class Header>
[[nodiscard]] bool read_message(const ring::RecordView& view, const PeerBuffers& buffers,
                                Message& message) {
  if (!read_header<Header>(view, message)) return false;
  if (view.kind == static_cast<uint32_t>(RecordKind::kMessage)) return message.size <= view.size;
  if (view.kind != static_cast<uint32_t>(RecordKind::kMessageInBuffer) ||
      view.size != sizeof(Header) + sizeof(PlaceLayout))
    return false;
  const PlaceLayout place = copy_out<PlaceLayout>(view.message + sizeof(Header));
  if (place.zero != 0) return false;
  message.bytes = buffers.find(place.number, place.offset, message.size);
  message.buffer = place.number;
  return message.bytes != nullptr;
}

// As much of a response or dispatch message as there is room for, with the header that was checked,
// whatever the peer has written there since.
inline size_t copy(const Message& message, std::span<std::byte> into) {
  const size_t copied = std::min<size_t>(message.size, into.size());
  if (copied == 0) return 0;
  std::memcpy(into.data(), message.bytes, copied);
  const ResponseHeader header{static_cast<int32_t>(message.size), message.id, message.error};
  std::memcpy(into.data(), &header, std::min(copied, sizeof header));
  return copied;
}

// Puts a message that lies in one of our buffers, and its header with it: the header's size is the
// place's.
template <class Header>
[[nodiscard]] ring::RecordProducer::Put put_in_buffer(ring::RecordProducer& ring, OwnBuffers& own,
                                                      uint64_t sequence, const BufferPlace& place,
                                                      Header header) {
  header.size = static_cast<int32_t>(place.size);
  std::memcpy(place.at, &header, sizeof header);
  const PlaceLayout layout{place.number, 0, place.offset};
  const Bytes parts[] = {std::as_bytes(std::span(&header, 1)),
                         std::as_bytes(std::span(&layout, 1))};
  const auto put = ring.put(static_cast<uint32_t>(RecordKind::kMessageInBuffer), sequence, parts);
  if (put == ring::RecordProducer::Put::kDone) own.sent(place.number);
  return put;
}

}  // namespace coroipc::wire::native
