#include "fuzz/hostile.h"

#include "fuzz/descriptors.h"
#include "ring/record_ring.h"
#include "sys/unix_socket.h"
#include "wire/native/buffer_note.h"
#include "wire/native/message.h"

namespace coroipc::fuzz {

namespace native = wire::native;

void say(const sys::Fd& socket, std::span<const std::byte> bytes) {
  (void)sys::send(socket, bytes);
}

void say_with_file(Input& input, const sys::Fd& socket, std::span<const std::byte> bytes,
                   size_t right) {
  const sys::Fd file = some_descriptor(input, right);
  (void)(file.open() ? sys::send_file(socket, bytes, file) : sys::send(socket, bytes));
}

void say_note(Input& input, const sys::Fd& socket) {
  using native::BufferNoteKind;
  const auto kind = static_cast<BufferNoteKind>(2 + input.below(3));
  const uint32_t number = input.below(6) == 5 ? input.number<uint32_t>() : input.below(5);
  if (kind != BufferNoteKind::kOffer)
    return say(socket, native::encode({kind, number, input.below(2)}));
  const uint64_t bytes = 4096 * (1 + uint64_t{input.below(4)});
  const uint64_t said = input.below(4) == 3 ? input.near<uint64_t>(bytes) : bytes;
  say_with_file(input, socket, native::encode({kind, number, said}), bytes);
}

void spoil(Input& input, Side& side) {
  // Where heads, sleep words and the backlog lie in either side's memory.
  constexpr size_t kWords[] = {0, 64, 128};
  const uint32_t what = input.below(8);
  if (what < 5) {
    std::byte* const at = side.words + kWords[what % 3];
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    word = input.near<uint64_t>(word);
    std::memcpy(at, &word, sizeof word);
  } else if (what == 5) {
    const size_t at = 512 + 8 * size_t{input.below(native::kMostBuffers)};
    const uint64_t released = input.near<uint64_t>(0);
    std::memcpy(side.words + at, &released, sizeof released);
  } else {
    std::byte* const ring = side.rings[side.rings[1] == nullptr ? 0 : what - 6];
    const size_t at = input.number<uint16_t>() % kRingBytes;
    const std::span<const std::byte> bytes = input.bytes(input.below(64));
    if (!bytes.empty()) std::memcpy(ring + at, bytes.data(), bytes.size());
  }
}

namespace {

// No record begins there.
void clear(Side& side, size_t ring, uint64_t index) {
  ring::store_bytes(side.rings[ring] + index % kRingBytes, 0);
}

}  // namespace

void publish(Input& input, Side& side, size_t ring, const Lie& honest) {
  uint64_t& index = side.written[ring];
  const uint32_t body = input.number<uint16_t>() % (kRingBytes + 64);
  const uint32_t message = static_cast<uint32_t>(honest.header) + body;
  const uint8_t lies = input.byte();
  ring::RecordHeader record{static_cast<uint32_t>(ring::kRecordHeaderBytes) + message, honest.kind,
                            honest.sequence};
  if ((lies & 1) != 0) record.bytes = input.near<uint32_t>(record.bytes);
  if ((lies & 2) != 0) record.kind = input.near<uint32_t>(record.kind);
  if ((lies & 4) != 0) record.sequence = input.near<uint64_t>(record.sequence);
  wire::ResponseHeader header{static_cast<int32_t>(message), 1, 0};
  if ((lies & 8) != 0) header.size = input.near<int32_t>(header.size);
  if ((lies & 16) != 0) header.id = input.number<int32_t>();
  std::byte* const at = side.rings[ring] + index % kRingBytes;
  const uint64_t honestly = ring::padded(ring::kRecordHeaderBytes + message);
  // Behind it lies what was there.
  if ((lies & 32) == 0) clear(side, ring, index + honestly);
  std::memcpy(at, &record, sizeof record);
  std::memcpy(at + sizeof record, &header, honest.header);
  index += (lies & 64) != 0 ? input.near<uint64_t>(ring::padded(record.bytes)) & ~7U : honestly;
}

void publish_place(Input& input, Side& side, size_t ring, const Lie& honest) {
  uint64_t& index = side.written[ring];
  const native::PlaceLayout place{input.below(5), input.below(16) == 1 ? 1U : 0U,
                                  input.below(2) == 1 ? input.near<uint64_t>(4096) : 0};
  const wire::ResponseHeader header{input.near<int32_t>(64), 1, 0};
  const size_t bytes = ring::kRecordHeaderBytes + honest.header + sizeof place;
  const ring::RecordHeader record{static_cast<uint32_t>(input.below(16) == 1 ? bytes + 8 : bytes),
                                  honest.kind, honest.sequence};
  std::byte* const at = side.rings[ring] + index % kRingBytes;
  std::memcpy(at, &record, sizeof record);
  std::memcpy(at + sizeof record, &header, honest.header);
  std::memcpy(at + sizeof record + honest.header, &place, sizeof place);
  index += ring::padded(bytes);
  clear(side, ring, index);
}

void read_all(const std::byte* at, size_t bytes) {
  static std::byte copy[2 * kRingBytes];
  for (size_t done = 0; done < bytes; done += sizeof copy) {
    std::memcpy(copy, at + done, std::min(sizeof copy, bytes - done));
    // Nobody looks at the copy, which must not be a reason to leave it out.
    asm volatile("" : : "r"(copy) : "memory");
  }
}

wire::Bytes some_message(size_t bytes) {
  static std::byte message[2 * kRingBytes];
  const size_t size = std::clamp(bytes, sizeof(wire::ResponseHeader), sizeof message);
  const wire::ResponseHeader header{static_cast<int32_t>(size), 2, 0};
  std::memcpy(message, &header, sizeof header);
  return wire::Bytes(message, size);
}

}  // namespace coroipc::fuzz
