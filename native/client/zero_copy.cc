// Zero-copy requests of a session; see session.h. The classic wire keeps three command ids for
// them: one that tells the server of a buffer, one that takes it back, and one that says that a
// request lies in it.
#include "client/zero_copy.h"

#include <array>

#include "client/classic_session.h"
#include "sys/shm_file.h"

namespace coroipc::client {

namespace classic = wire::classic;

Status ClassicSession::call(wire::Parts parts, int64_t deadline_ns) {
  uint64_t token = 0;
  if (const Status sent = send(parts, token); sent != Status::kOk) return sent;
  uint32_t size = 0;
  const Status status = await(token, deadline_ns, size);
  if (status == Status::kErrTimeout || status == Status::kErrInterrupt) abandon(token);
  answer_done();
  return status;
}

sys::Outcome ClassicSession::zcb_alloc(size_t bytes, int64_t deadline_ns, ZeroCopyBuffer& buffer) {
  const size_t map_size = bytes + sizeof(classic::ZcbHeader);
  sys::Result<sys::ShmFile> file =
      sys::ShmFile::make(classic::kZcbPrefix, map_size, channel_->mark());
  if (!file.ok()) return file.failure();
  sys::Result<sys::Mapping> mapping = sys::Mapping::whole(file.value().fd(), map_size);
  if (!mapping.ok()) return mapping.failure();

  classic::ZcbHeader header{static_cast<int32_t>(map_size), 0, 0};
  std::memcpy(mapping.value().data(), &header, sizeof header);
  classic::ZcbAllocMessage message{};
  message.size = sizeof message;
  message.id = classic::kZcbAlloc;
  message.map_size = map_size;
  const std::string& path = file.value().path();
  if (path.size() >= message.path.size()) return sys::Failure{Status::kErrNameTooLong};
  path.copy(message.path.data(), path.size());

  const wire::Bytes request = std::as_bytes(std::span(&message, 1));
  const Status status = call(std::span(&request, 1), deadline_ns);
  if (status != Status::kOk) return sys::Failure{status};
  // The originals leave the answer's error field unset, so success is the number that the server
  // wrote into the buffer.
  const auto written = wire::copy_out<classic::ZcbHeader>(mapping.value().data());
  if (written.server_handle == 0) return sys::Failure{Status::kErrNoResources};
  buffer.handle = written.server_handle;
  const auto memory = std::make_shared<sys::Mapping>(std::move(mapping.value()));
  buffer.memory = {memory, memory->data() + sizeof header, bytes};
  return sys::Nothing{};
}

Status ClassicSession::zcb_free(const ZeroCopyBuffer& buffer, int64_t deadline_ns) {
  classic::ZcbFreeMessage message{};
  message.size = sizeof message;
  message.id = classic::kZcbFree;
  message.map_size = buffer.memory.bytes + sizeof(classic::ZcbHeader);
  message.server_handle = buffer.handle;
  const wire::Bytes request = std::as_bytes(std::span(&message, 1));
  return call(std::span(&request, 1), deadline_ns);
}

Status ClassicSession::zcb_send(const ZeroCopyBuffer& buffer, uint64_t& token) {
  const classic::ZcbExecuteMessage message{sizeof message, classic::kZcbExecute, buffer.handle};
  const wire::Bytes request = std::as_bytes(std::span(&message, 1));
  return send(std::span(&request, 1), token);
}

}  // namespace coroipc::client
