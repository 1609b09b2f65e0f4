// Both ends of a native connection in one process, with a socket between them for the notes of
// zero-copy buffers.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include "sys/mapping.h"
#include "sys/unix_socket.h"
#include "wire/native/client_end.h"
#include "wire/native/server_end.h"

namespace coroipc::wire::native {

inline constexpr Geometry kGeometry{4096, 4096, 4096, 16};
inline const uint64_t kPage = sys::round_up_to_pages(1);

inline std::pair<sys::Fd, sys::Fd> socket_pair() {
  int fds[2] = {-1, -1};
  static_cast<void>(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
  return {sys::Fd(fds[0]), sys::Fd(fds[1])};
}

inline bool send_all(const sys::Fd& socket, std::span<const std::byte> bytes) {
  return sys::send(socket, bytes).bytes == bytes.size();
}

inline void ring_bell(const sys::Fd& socket) {
  static_cast<void>(send_all(socket, std::span(&kDoorbell, 1)));
}

// One side's part in the exchange of notes.
struct NoteSide {
  sys::Fd socket;
  SocketReader reader;
};

struct Link {
  explicit Link(const Geometry& geometry) {
    std::tie(near.socket, far.socket) = socket_pair();
    sys::Result<sys::SealedMemory> clients = sys::SealedMemory::make(client_rings(geometry));
    sys::Result<sys::SealedMemory> servers = sys::SealedMemory::make(server_rings(geometry));
    if (!clients.ok() || !servers.ok()) return;
    client_writes = &client_words(clients.value());
    server_writes = &server_words(servers.value());
    request_ring = clients.value().ring(0);
    response_ring = servers.value().ring(0);
    dispatch_ring = servers.value().ring(1);
    const auto taken = [](const sys::SealedMemory& memory, auto rings) {
      sys::Result<sys::Fd> file = sys::duplicate(memory.file());
      return sys::SealedMemory::take(file.ok() ? std::move(file.value()) : sys::Fd(), rings);
    };
    sys::Result<sys::SealedMemory> for_server = taken(clients.value(), client_rings(geometry));
    sys::Result<sys::SealedMemory> for_client = taken(servers.value(), server_rings(geometry));
    if (!for_server.ok() || !for_client.ok()) return;
    client.emplace(geometry, std::move(clients.value()), std::move(for_client.value()));
    server.emplace(geometry, std::move(servers.value()), std::move(for_server.value()));
  }

  // The number of a buffer that was made, offered, taken and answered.
  std::optional<uint32_t> client_offers(uint64_t bytes) {
    return offers(client->own_buffers(), near, server->peer_buffers(), far, bytes);
  }
  std::optional<uint32_t> server_offers(uint64_t bytes) {
    return offers(server->own_buffers(), far, client->peer_buffers(), near, bytes);
  }
  bool client_withdraws(uint32_t number) {
    return withdraws(client->own_buffers(), near, server->peer_buffers(), far, number);
  }
  bool server_withdraws(uint32_t number) {
    return withdraws(server->own_buffers(), far, client->peer_buffers(), near, number);
  }

  // A request that lies in the ring.
  ring::RecordProducer::Put client_sends(uint64_t& sequence) {
    const RequestHeader header{sizeof header, 1};
    const Bytes part = std::as_bytes(std::span(&header, 1));
    return client->send(Parts(&part, 1), sequence);
  }

  std::optional<ClientEnd> client;
  std::optional<ServerEnd> server;
  NoteSide near;
  NoteSide far;
  uint64_t answered = 0;  // what the last offer was answered with
  ClientWords* client_writes = nullptr;
  ServerWords* server_writes = nullptr;
  std::byte* request_ring = nullptr;
  std::byte* response_ring = nullptr;
  std::byte* dispatch_ring = nullptr;

 private:
  std::optional<uint32_t> offers(OwnBuffers& own, NoteSide& maker, PeerBuffers& peer,
                                 NoteSide& receiver, uint64_t bytes) {
    using State = SocketReader::State;
    sys::Result<uint32_t> number = own.make(bytes);
    if (!number.ok()) return std::nullopt;
    const BufferNoteBytes offer = own.offer(number.value());
    if (sys::send_file(maker.socket, offer, own.file(number.value())).bytes != offer.size())
      return std::nullopt;
    BufferNote note;
    sys::Fd file;
    if (receiver.reader.read(receiver.socket, note, file) != State::kNote) return std::nullopt;
    const std::optional<Status> status = peer.offered(note, file);
    if (!status.has_value()) return std::nullopt;
    answered = static_cast<uint64_t>(*status);
    if (!send_all(receiver.socket, encode({BufferNoteKind::kAnswer, note.number, answered})))
      return std::nullopt;
    if (maker.reader.read(maker.socket, note, file) != State::kNote || !own.answered(note))
      return std::nullopt;
    if (!own.taken(number.value())) return std::nullopt;
    return number.value();
  }

  bool withdraws(OwnBuffers& own, NoteSide& maker, PeerBuffers& peer, NoteSide& receiver,
                 uint32_t number) {
    const std::optional<BufferNoteBytes> withdraw = own.withdraw(number);
    if (!withdraw.has_value() || !send_all(maker.socket, *withdraw)) return false;
    BufferNote note;
    sys::Fd file;
    return receiver.reader.read(receiver.socket, note, file) == SocketReader::State::kNote &&
           note.kind == BufferNoteKind::kWithdraw && peer.withdrawn(note);
  }
};

}  // namespace coroipc::wire::native
