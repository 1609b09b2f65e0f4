// The socket of a native connection after its handshake: what it says is heard here, and the notes
// of zero-copy buffers are sent, received and answered. Both ends have one. docs/native-wire.md has
// the rules, own_buffers.h and peer_buffers.h what is known of the buffers.
//
// For one thread; socket and buffers must outlive it.
#pragma once

#include <utility>
#include <vector>

#include "wire/buffers.h"
#include "wire/native/buffer_note.h"
#include "wire/native/own_buffers.h"
#include "wire/native/peer_buffers.h"

namespace coroipc::wire::native {

class BufferExchange final : public Buffers {
 public:
  BufferExchange(const sys::Fd& socket, OwnBuffers& own, PeerBuffers& peer)
      : socket_(socket), own_(own), peer_(peer) {}

  // Takes what the socket has, up to a bound; it stays readable when there is more. `sleeps` is how
  // often this side went to sleep: a peer that rang more often does not keep the rules.
  enum class Heard { kFine, kOver, kBreach };
  [[nodiscard]] Heard hear(uint64_t sleeps);
  // Whether an offer was answered since this was asked last.
  [[nodiscard]] bool take_answered() { return std::exchange(answered_, false); }

  sys::Result<uint32_t> make(uint64_t bytes) override;
  Status answer(uint32_t number) const override;
  Status withdraw(uint32_t number) override;
  uint64_t out(uint32_t number) const override { return own_.out(number); }
  std::optional<SharedMemory> own_memory(uint32_t number) const override;
  std::optional<SharedMemory> peer_memory(uint32_t number) const override;

 private:
  [[nodiscard]] Heard hear_notes();
  [[nodiscard]] Heard take(const BufferNote& note, const sys::Fd& file);
  // kErrTryAgain: the socket has no room for it now. kErrLibrary: the peer is gone.
  [[nodiscard]] Status say(const BufferNoteBytes& note, const sys::Fd* file) const;

  const sys::Fd& socket_;
  OwnBuffers& own_;
  PeerBuffers& peer_;
  SocketReader reader_;
  bool answered_ = false;
  std::vector<Status> refusals_;  // by number, as many as were ever made: why it is none of ours
};

}  // namespace coroipc::wire::native
