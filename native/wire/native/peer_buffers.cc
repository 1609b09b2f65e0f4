#include "wire/native/peer_buffers.h"

#include <utility>

namespace coroipc::wire::native {

std::optional<Status> PeerBuffers::offered(const BufferNote& offer, const sys::Fd& file,
                                           uint64_t own_bytes) {
  if (offer.number >= kMostBuffers || memory(offer.number) != nullptr) return std::nullopt;
  if (!is_buffer_size(offer.value)) return std::nullopt;
  if (count_ >= limits_.buffers || !file.open()) return Status::kErrNoResources;
  if (offer.value > limits_.bytes) return Status::kErrTooBig;
  if (own_bytes + bytes_ + offer.value > limits_.in_all) return Status::kErrNoResources;
  sys::Result<sys::BufferMemory> taken = sys::BufferMemory::take(file, offer.value);
  if (!taken.ok()) {
    // Where no system call failed it is not the memory that was promised.
    if (taken.failure().code == 0) return std::nullopt;
    return taken.failure().status;
  }
  if (offer.number >= slots_.size()) slots_.resize(offer.number + 1);
  slots_[offer.number].memory = std::make_shared<sys::BufferMemory>(std::move(taken.value()));
  ++count_;
  bytes_ += offer.value;
  return Status::kOk;
}

bool PeerBuffers::withdrawn(const BufferNote& note) {
  if (note.number >= slots_.size()) return false;
  Slot& slot = slots_[note.number];
  if (slot.memory == nullptr || slot.held > 0) return false;
  bytes_ -= slot.memory->size();
  slot.memory = nullptr;
  --count_;
  return true;
}

const std::byte* PeerBuffers::find(uint32_t number, uint64_t offset, uint64_t size) const {
  if (number >= slots_.size() || slots_[number].memory == nullptr) return nullptr;
  const sys::BufferMemory& memory = *slots_[number].memory;
  if (offset % kPlaceAlignment != 0) return nullptr;
  if (offset > memory.size() || size > memory.size() - offset) return nullptr;
  return memory.data() + offset;
}

std::shared_ptr<sys::BufferMemory> PeerBuffers::memory(uint32_t number) const {
  return number < slots_.size() ? slots_[number].memory : nullptr;
}

uint64_t PeerBuffers::held(uint32_t number) const {
  return number < slots_.size() ? slots_[number].held : 0;
}

}  // namespace coroipc::wire::native
