#include "wire/native/buffer_note.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace coroipc::wire::native {
namespace {

struct Layout {
  uint8_t kind;
  uint8_t zero[3];
  uint32_t number;
  uint64_t value;
};
static_assert(sizeof(Layout) == kBufferNoteBytes && offsetof(Layout, number) == 4 &&
              offsetof(Layout, value) == 8);

constexpr std::byte kOffer{static_cast<uint8_t>(BufferNoteKind::kOffer)};
constexpr std::byte kWithdraw{static_cast<uint8_t>(BufferNoteKind::kWithdraw)};

}  // namespace

BufferNoteBytes encode(const BufferNote& note) {
  return std::bit_cast<BufferNoteBytes>(
      Layout{static_cast<uint8_t>(note.kind), {}, note.number, note.value});
}

SocketReader::State SocketReader::read(const sys::Fd& socket, BufferNote& note, sys::Fd& file) {
  for (bool rang = false;;) {
    const State found = next(note, file);
    if (found != State::kNothing) return found;
    // The kernel ends a read behind what a descriptor came with, so one that no offer has taken by
    // now, nor may still take, came with something else.
    if ((file_.open() || lost_) && note_filled_ == 0) return State::kBreach;
    // Doorbells alone, which is nearly always: whatever else there is keeps the socket readable.
    if (rang && note_filled_ == 0) return State::kNothing;
    if (reads_left_ == 0) return State::kNothing;
    --reads_left_;
    sys::FileTransfer got = sys::receive_file(socket, bytes_);
    if (got.transfer.state == sys::Transfer::State::kWouldBlock) return State::kNothing;
    if (got.transfer.state == sys::Transfer::State::kOver) return State::kOver;
    if (got.too_many) return State::kBreach;
    if ((got.file.open() || got.lost) && (file_.open() || lost_)) return State::kBreach;
    if (got.file.open()) file_ = std::move(got.file);
    lost_ = lost_ || got.lost;
    at_ = 0;
    filled_ = got.transfer.bytes;
    rang = filled_ < bytes_.size();
  }
}

SocketReader::State SocketReader::next(BufferNote& note, sys::Fd& file) {
  if (note_filled_ == 0)
    for (; at_ < filled_ && bytes_[at_] == kDoorbell; ++at_) ++doorbells_;
  if (at_ == filled_) return State::kNothing;
  if (note_filled_ == 0 && (bytes_[at_] < kOffer || bytes_[at_] > kWithdraw)) return State::kBreach;
  const size_t some = std::min(kBufferNoteBytes - note_filled_, filled_ - at_);
  std::memcpy(note_.data() + note_filled_, bytes_.data() + at_, some);
  at_ += some;
  note_filled_ += some;
  return note_filled_ == kBufferNoteBytes ? decode(note, file) : State::kNothing;
}

SocketReader::State SocketReader::decode(BufferNote& note, sys::Fd& file) {
  const Layout layout = std::bit_cast<Layout>(note_);
  note_filled_ = 0;
  if (layout.zero[0] != 0 || layout.zero[1] != 0 || layout.zero[2] != 0) return State::kBreach;
  note = {static_cast<BufferNoteKind>(layout.kind), layout.number, layout.value};
  file.reset();
  if (note.kind == BufferNoteKind::kOffer) {
    if (!file_.open() && !lost_) return State::kBreach;
    lost_ = false;
    file = std::move(file_);
  }
  if (note.kind == BufferNoteKind::kWithdraw && note.value != 0) return State::kBreach;
  return State::kNote;
}

}  // namespace coroipc::wire::native
