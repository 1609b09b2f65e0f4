#include "fuzz/ends.h"

#include <utility>

namespace coroipc::fuzz {

namespace native = wire::native;

namespace {

sys::SealedMemory made(std::span<const size_t> rings) {
  auto memory = sys::SealedMemory::make(rings);
  DEMAND(memory.ok());
  return std::move(memory.value());
}

sys::SealedMemory seen(const sys::SealedMemory& memory, std::span<const size_t> rings) {
  auto file = sys::duplicate(memory.file());
  DEMAND(file.ok());
  auto taken = sys::SealedMemory::take(std::move(file.value()), rings);
  DEMAND(taken.ok());
  return std::move(taken.value());
}

Side side_of(const sys::SealedMemory& written, const sys::SealedMemory& read) {
  return {written.control(), {written.ring(0), written.ring(1)}, {read.ring(0), read.ring(1)}};
}

}  // namespace

Ends::Ends() {
  const auto client_rings = native::client_rings(kGeometry);
  const auto server_rings = native::server_rings(kGeometry);
  sys::SealedMemory from_client = made(client_rings);
  sys::SealedMemory from_server = made(server_rings);
  sys::SealedMemory at_server = seen(from_client, client_rings);
  sys::SealedMemory at_client = seen(from_server, server_rings);
  from_client.close_file();
  from_server.close_file();
  clients = side_of(from_client, at_server);
  servers = side_of(from_server, at_client);
  client.emplace(kGeometry, std::move(from_client), std::move(at_client));
  server.emplace(kGeometry, std::move(from_server), std::move(at_server));
}

}  // namespace coroipc::fuzz
