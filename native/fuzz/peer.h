// A client of a live server that follows a script: what is right at its place, what is wrong, or
// either at another place. On the native wire it has the memories of both sides once it was
// welcomed.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "fuzz/classic_files.h"
#include "fuzz/hostile.h"
#include "sys/unix_socket.h"
#include "wire/native/memory.h"

namespace coroipc::fuzz {

class Peer {
 public:
  // `stem` begins the names of all files in /dev/shm that it makes by itself.
  Peer(const std::string& server, const std::string& stem);

  // One step of the script.
  void step(Input& input);
  // Whether it has posted a semaphore since this was asked last: a thread of the server's hears it.
  [[nodiscard]] bool take_posted() { return std::exchange(posted_, false); }
  // Takes what the server has said.
  void hear();

 private:
  void hello(Input& input);
  void attach(Input& input);
  void setup(Input& input);
  void native_step(Input& input, uint32_t what);
  void classic_step(Input& input, uint32_t what);
  // Reads all that lies in the rings, as an honest client does.
  void drain();

  const std::string& stem_;
  sys::Fd socket_;
  std::array<std::byte, wire::native::kWelcomeBytes> heard_{};
  size_t filled_ = 0;
  sys::Fd file_;

  wire::native::Geometry granted_;
  sys::SealedMemory theirs_;
  sys::SealedMemory ours_;
  Side side_;
  ring::ConsumerPlace responses_;
  ring::ConsumerPlace dispatches_;
  bool attached_ = false;
  uint64_t sent_ = 0;

  std::optional<ClassicFiles> classic_;
  bool posted_ = false;
};

}  // namespace coroipc::fuzz
