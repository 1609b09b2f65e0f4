// The named files of the classic wire: made by the client in /dev/shm, opened and unlinked by the
// server. The server opens a path that a peer chose, so it opens it with suspicion.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sys/fd.h"

namespace coroipc::sys {

// A file in /dev/shm that its destructor unlinks, unless the peer did so already.
class ShmFile {
 public:
  // Makes /dev/shm/`prefix`-`mark`, mode 0600, with all of its `bytes` allocated: a full file
  // system is NO_SPACE here, never SIGBUS later. Without a mark, or where that name is taken, six
  // characters that are free stand in its place.
  [[nodiscard]] static Result<ShmFile> make(std::string_view prefix, size_t bytes,
                                            std::string_view mark = {});

  ShmFile() = default;
  ShmFile(ShmFile&& other) noexcept
      : fd_(std::move(other.fd_)),
        path_(std::exchange(other.path_, {})),
        left_(std::exchange(other.left_, std::nullopt)) {}
  ShmFile& operator=(ShmFile&& other) noexcept;
  ~ShmFile() { unlink_now(); }

  [[nodiscard]] const Fd& fd() const { return fd_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  // Removes the name; the memory lives on in its mappings.
  void unlink_now();
  // Leaves the name to whoever it was told to, and lets go of the descriptor.
  void leave();
  // Removes a name that was left, if it is still this file's.
  void take_back();

 private:
  ShmFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  struct Identity {
    dev_t device;
    ino_t inode;
  };

  Fd fd_;
  std::string path_;
  std::optional<Identity> left_;
};

// Opens a file that a peer named, and unlinks it once it has proved to be what it should be: a
// regular file right in /dev/shm, of the peer's, with no other name, and of `bytes` bytes (or
// filled up to whole pages). No link is followed and nothing is truncated. INVALID_PARAM or ACCESS
// when it is not that.
[[nodiscard]] Result<Fd> open_peer_file(std::string_view path, uid_t owner, size_t bytes);

// Removes /dev/shm/`prefix`-`mark`, if there is one and it is a regular file of the owner's.
void remove_peer_file(std::string_view prefix, std::string_view mark, uid_t owner);

}  // namespace coroipc::sys
