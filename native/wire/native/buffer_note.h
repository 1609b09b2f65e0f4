// What travels on the socket of a native connection after its handshake: doorbells, and the notes
// by which zero-copy buffers are offered, answered and withdrawn. docs/native-wire.md has the
// rules.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "sys/unix_socket.h"

namespace coroipc::wire::native {

inline constexpr std::byte kDoorbell{1};

enum class BufferNoteKind : uint8_t { kOffer = 2, kAnswer = 3, kWithdraw = 4 };

struct BufferNote {
  BufferNoteKind kind = BufferNoteKind::kOffer;
  uint32_t number = 0;
  uint64_t value = 0;  // an offer's bytes; an answer's status; else 0
};

inline constexpr size_t kBufferNoteBytes = 16;
using BufferNoteBytes = std::array<std::byte, kBufferNoteBytes>;
[[nodiscard]] BufferNoteBytes encode(const BufferNote& note);

// Takes from the socket what has come, however it was cut into pieces.
class SocketReader {
 public:
  enum class State { kNothing, kNote, kOver, kBreach };

  // The longest time that one turn of reading takes: a peer may write faster than anybody reads.
  static constexpr int kReadsPerTurn = 16;
  void begin_turn() { reads_left_ = kReadsPerTurn; }
  // Since the beginning.
  [[nodiscard]] uint64_t doorbells() const { return doorbells_; }

  // The next note, with the descriptor of an offer in `file`, which stays closed when this process
  // had no room for it; doorbells are taken on the way. kNothing: the socket is empty, or the turn
  // is over, and then it is still readable. kOver: the peer is gone. Notes that came before either
  // are told first.
  [[nodiscard]] State read(const sys::Fd& socket, BufferNote& note, sys::Fd& file);

 private:
  // kNothing: all that was received is used up.
  [[nodiscard]] State next(BufferNote& note, sys::Fd& file);
  [[nodiscard]] State decode(BufferNote& note, sys::Fd& file);

  std::array<std::byte, 64> bytes_{};
  int reads_left_ = kReadsPerTurn;
  uint64_t doorbells_ = 0;
  size_t at_ = 0;
  size_t filled_ = 0;
  BufferNoteBytes note_{};  // one that is on its way in
  size_t note_filled_ = 0;
  sys::Fd file_;
  bool lost_ = false;  // in its place: one came, and there was no room for it
};

}  // namespace coroipc::wire::native
