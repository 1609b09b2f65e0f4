#include "wire/classic/zero_copy_buffers.h"

#include <string_view>

#include "sys/shm_file.h"

namespace coroipc::wire::classic {

namespace {

constexpr size_t kHeadBytes = sizeof(ZcbHeader) + sizeof(RequestHeader);

}  // namespace

Status ZeroCopyBuffers::alloc(const ZcbAllocMessage& message) {
  const std::string_view field(message.path.data(), message.path.size());
  const size_t end = field.find('\0');
  if (end == std::string_view::npos || message.map_size < kHeadBytes)
    return Status::kErrInvalidParam;
  if (message.map_size > max_bytes_) return Status::kErrTooBig;
  if (buffers_.size() >= max_buffers_ || bytes_ + message.map_size > max_bytes_in_all_)
    return Status::kErrNoResources;
  const size_t bytes = message.map_size;
  sys::Result<sys::Fd> file = sys::open_peer_file(field.substr(0, end), owner_, bytes);
  if (!file.ok()) return file.failure().status;
  sys::Result<sys::Mapping> mapping = sys::Mapping::whole(file.value(), bytes);
  if (!mapping.ok()) return mapping.failure().status;
  auto buffer = std::make_shared<sys::Mapping>(std::move(mapping.value()));
  const uint64_t number = next_++;
  std::memcpy(buffer->data() + offsetof(ZcbHeader, server_handle), &number, sizeof number);
  buffers_.emplace(number, std::move(buffer));
  bytes_ += bytes;
  return Status::kOk;
}

Status ZeroCopyBuffers::free(const ZcbFreeMessage& message) {
  const auto found = buffers_.find(message.server_handle);
  if (found == buffers_.end()) return Status::kErrNotExist;
  const std::shared_ptr<sys::Mapping>& memory = found->second;
  bytes_ -= memory->size();
  // Who has seen it may look there until his view is collected; the memory does not wait for that.
  if (memory.use_count() > 1) sys::blank(memory->data(), memory->size());
  buffers_.erase(found);
  return Status::kOk;
}

std::optional<ZeroCopyBuffers::Found> ZeroCopyBuffers::find(
    const ZcbExecuteMessage& message) const {
  const auto found = buffers_.find(message.server_handle);
  if (found == buffers_.end()) return std::nullopt;
  const std::shared_ptr<sys::Mapping>& memory = found->second;
  const RequestHeader header = copy_out<RequestHeader>(memory->data() + sizeof(ZcbHeader));
  const size_t room = memory->size() - sizeof(ZcbHeader);
  if (header.size < 0 || static_cast<size_t>(header.size) < sizeof header ||
      static_cast<size_t>(header.size) > room)
    return std::nullopt;
  return Found{{{memory, memory->data(), memory->size()}, sizeof(ZcbHeader), message.server_handle},
               header};
}

}  // namespace coroipc::wire::classic
