#include "wire/native/own_buffers.h"

#include <algorithm>
#include <utility>

#include "sys/mapping.h"
#include "wire/message.h"

namespace coroipc::wire::native {

bool is_buffer_size(uint64_t bytes) {
  return bytes > 0 && bytes <= kMostBufferBytes && bytes == sys::round_up_to_pages(bytes);
}

sys::Result<uint32_t> OwnBuffers::make(uint64_t bytes) {
  if (!is_buffer_size(bytes)) return sys::Failure{Status::kErrInvalidParam};
  const auto free =
      std::ranges::find_if(slots_, [](const Slot& each) { return each.memory == nullptr; });
  const size_t number = static_cast<size_t>(free - slots_.begin());
  if (number == kMostBuffers) return sys::Failure{Status::kErrNoResources};
  sys::Result<sys::BufferMemory> made = sys::BufferMemory::make(bytes);
  if (!made.ok()) return made.failure();
  if (number == slots_.size()) slots_.emplace_back();
  slots_[number].memory = std::make_shared<sys::BufferMemory>(std::move(made.value()));
  return static_cast<uint32_t>(number);
}

BufferNoteBytes OwnBuffers::offer(uint32_t number) const {
  return encode({BufferNoteKind::kOffer, number, slots_[number].memory->size()});
}

const sys::Fd& OwnBuffers::file(uint32_t number) const { return slots_[number].memory->file(); }

bool OwnBuffers::answered(const BufferNote& answer) {
  if (answer.number >= slots_.size()) return false;
  Slot& slot = slots_[answer.number];
  if (slot.memory == nullptr || slot.taken) return false;
  slot.memory->close_file();
  slot.taken = answer.value == static_cast<uint64_t>(Status::kOk);
  if (!slot.taken) slot.memory = nullptr;
  return true;
}

bool OwnBuffers::taken(uint32_t number) const {
  return number < slots_.size() && slots_[number].taken;
}

uint64_t OwnBuffers::out(uint32_t number) const {
  return number < slots_.size() ? slots_[number].sent - slots_[number].back : 0;
}

std::optional<BufferNoteBytes> OwnBuffers::withdraw(uint32_t number) {
  if (!taken(number) || out(number) > 0) return std::nullopt;
  slots_[number].taken = false;
  slots_[number].memory = nullptr;
  return encode({BufferNoteKind::kWithdraw, number, 0});
}

std::optional<BufferPlace> OwnBuffers::place(uint32_t number, uint64_t offset, uint64_t size) {
  if (!taken(number) || offset % kPlaceAlignment != 0 || size < sizeof(RequestHeader))
    return std::nullopt;
  const sys::BufferMemory& memory = *slots_[number].memory;
  // Whatever is put there, the longer of the two headers fits.
  const uint64_t room = std::max<uint64_t>(size, sizeof(ResponseHeader));
  if (offset > memory.size() || room > memory.size() - offset) return std::nullopt;
  return BufferPlace{number, static_cast<uint32_t>(size), offset, memory.data() + offset};
}

std::shared_ptr<sys::BufferMemory> OwnBuffers::memory(uint32_t number) const {
  return number < slots_.size() ? slots_[number].memory : nullptr;
}

uint64_t OwnBuffers::back(uint32_t number) const {
  return number < slots_.size() ? slots_[number].back : 0;
}

uint64_t OwnBuffers::bytes() const {
  uint64_t total = 0;
  for (const Slot& slot : slots_) total += slot.memory == nullptr ? 0 : slot.memory->size();
  return total;
}

bool OwnBuffers::all_given_back(uint32_t number, uint64_t count) {
  if (number >= slots_.size()) return count == 0;
  Slot& slot = slots_[number];
  // Neither behind what it was nor ahead of what was sent: one comparison says both.
  if (slot.sent - count > slot.sent - slot.back) return false;
  slot.back = count;
  return true;
}

}  // namespace coroipc::wire::native
