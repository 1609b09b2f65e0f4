#include "wire/native/buffer_exchange.h"

namespace coroipc::wire::native {
namespace {

std::optional<SharedMemory> shared(std::shared_ptr<sys::BufferMemory> memory) {
  if (memory == nullptr) return std::nullopt;
  std::byte* data = memory->data();
  const size_t bytes = memory->size();
  return SharedMemory{std::move(memory), data, bytes};
}

}  // namespace

BufferExchange::Heard BufferExchange::hear(uint64_t sleeps) {
  reader_.begin_turn();
  const Heard heard = hear_notes();
  return heard == Heard::kFine && reader_.doorbells() > sleeps ? Heard::kBreach : heard;
}

BufferExchange::Heard BufferExchange::hear_notes() {
  for (;;) {
    BufferNote note;
    sys::Fd file;
    switch (reader_.read(socket_, note, file)) {
      case SocketReader::State::kNothing:
        return Heard::kFine;
      case SocketReader::State::kOver:
        return Heard::kOver;
      case SocketReader::State::kBreach:
        return Heard::kBreach;
      case SocketReader::State::kNote:
        break;
    }
    if (const Heard taken = take(note, file); taken != Heard::kFine) return taken;
  }
}

BufferExchange::Heard BufferExchange::take(const BufferNote& note, const sys::Fd& file) {
  switch (note.kind) {
    case BufferNoteKind::kOffer: {
      const std::optional<Status> status = peer_.offered(note, file, own_.bytes());
      if (!status.has_value()) return Heard::kBreach;
      const BufferNote reply{BufferNoteKind::kAnswer, note.number,
                             static_cast<uint64_t>(static_cast<int>(*status))};
      // Who does not read its answers is as good as gone.
      return say(encode(reply), nullptr) == Status::kOk ? Heard::kFine : Heard::kOver;
    }
    case BufferNoteKind::kAnswer:
      if (!own_.answered(note)) return Heard::kBreach;
      answered_ = true;
      refusals_[note.number] = static_cast<Status>(static_cast<int>(note.value));
      return Heard::kFine;
    case BufferNoteKind::kWithdraw:
      return peer_.withdrawn(note) ? Heard::kFine : Heard::kBreach;
  }
  return Heard::kBreach;
}

Status BufferExchange::say(const BufferNoteBytes& note, const sys::Fd* file) const {
  const sys::Transfer sent =
      file == nullptr ? sys::send(socket_, note) : sys::send_file(socket_, note, *file);
  if (sent.state == sys::Transfer::State::kOver) return Status::kErrLibrary;
  const bool whole = sent.state == sys::Transfer::State::kSome && sent.bytes == note.size();
  return whole ? Status::kOk : Status::kErrTryAgain;
}

sys::Result<uint32_t> BufferExchange::make(uint64_t bytes) {
  if (is_buffer_size(bytes) && own_.bytes() + peer_.bytes() + bytes > peer_.limits().in_all)
    return sys::Failure{Status::kErrNoResources};
  sys::Result<uint32_t> made = own_.make(bytes);
  if (!made.ok()) return made.failure();
  const uint32_t number = made.value();
  if (const Status said = say(own_.offer(number), &own_.file(number)); said != Status::kOk) {
    own_.discard(number);
    return sys::Failure{said};
  }
  if (number >= refusals_.size()) refusals_.resize(number + 1);
  refusals_[number] = Status::kErrTryAgain;
  return number;
}

Status BufferExchange::answer(uint32_t number) const {
  if (number >= refusals_.size()) return Status::kErrBadHandle;
  return own_.taken(number) ? Status::kOk : refusals_[number];
}

Status BufferExchange::withdraw(uint32_t number) {
  if (number >= refusals_.size() || !own_.taken(number)) return Status::kErrBadHandle;
  const std::optional<BufferNoteBytes> note = own_.withdraw(number);
  if (!note.has_value()) return Status::kErrBusy;
  refusals_[number] = Status::kErrBadHandle;
  // A peer that is gone needs no telling; one whose socket is full hears of nothing any more.
  return say(*note, nullptr) == Status::kOk ? Status::kOk : Status::kErrLibrary;
}

std::optional<SharedMemory> BufferExchange::own_memory(uint32_t number) const {
  return shared(own_.memory(number));
}

std::optional<SharedMemory> BufferExchange::peer_memory(uint32_t number) const {
  return shared(peer_.memory(number));
}

}  // namespace coroipc::wire::native
