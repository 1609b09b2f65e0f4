// Both ends of a native connection in one process, attached to each other without a socket, for the
// tests. What each end writes is there to be read, and to be spoilt, past the end itself.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "sys/sealed_memory.h"
#include "wire/native/client_end.h"
#include "wire/native/server_end.h"

namespace coroipc::wire::native {

inline sys::Fd duplicate_of(const sys::Fd& file) {
  sys::Result<sys::Fd> made = sys::duplicate(file);
  return made.ok() ? std::move(made.value()) : sys::Fd();
}

// Without ends when the system refused the memory.
struct Pair {
  // Where an end sees what the other writes: where two processes would, or where it is written. The
  // kernel keeps readers from writing in the first place only, the thread sanitizer sees races in
  // the second only.
  enum class Place { kOwn, kSame };

  explicit Pair(const Geometry& geometry, Place place = Place::kOwn) {
    sys::Result<sys::SealedMemory> clients = sys::SealedMemory::make(client_rings(geometry));
    sys::Result<sys::SealedMemory> servers = sys::SealedMemory::make(server_rings(geometry));
    if (!clients.ok() || !servers.ok()) return;
    client_writes = &client_words(clients.value());
    server_writes = &server_words(servers.value());
    request_ring = clients.value().ring(0);
    response_ring = servers.value().ring(0);
    dispatch_ring = servers.value().ring(1);
    const auto other = [&](const sys::SealedMemory& memory, auto rings) {
      return place == Place::kSame ? sys::Result<sys::SealedMemory>(memory.lend())
                                   : sys::SealedMemory::take(duplicate_of(memory.file()), rings);
    };
    sys::Result<sys::SealedMemory> for_server = other(clients.value(), client_rings(geometry));
    sys::Result<sys::SealedMemory> for_client = other(servers.value(), server_rings(geometry));
    if (!for_server.ok() || !for_client.ok()) return;
    client.emplace(geometry, std::move(clients.value()), std::move(for_client.value()));
    server.emplace(geometry, std::move(servers.value()), std::move(for_server.value()));
  }

  std::optional<ClientEnd> client;
  std::optional<ServerEnd> server;
  ClientWords* client_writes = nullptr;
  ServerWords* server_writes = nullptr;
  std::byte* request_ring = nullptr;
  std::byte* response_ring = nullptr;
  std::byte* dispatch_ring = nullptr;
};

}  // namespace coroipc::wire::native
