// A socket that listens by a name (see unix_socket.h): abstract, or a path in the file system.
//
// Of a path holds:
// - Nobody can connect to it who could not by the mode and the owner that were asked for, at no
//   instant: its file appears with no more than the owner's own bits of the mode, gets its owner,
//   then its mode, and only then is listened on.
// - What a dead server left is replaced. A path on which somebody listens is not (EXIST, as for an
//   abstract name), and what is no socket is never touched.
// - Of servers that start on one path at once, one wins, and its socket stays. For that each locks
//   the directory (flock(2)) for a moment, and gives up after a second (TRY_AGAIN): put a socket in
//   a directory that strangers cannot read, or they can hold that lock.
// - It is removed at the listener's end, if it is this listener's still. Who was killed leaves it.
//
// One thread owns a listener.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "sys/fd.h"

namespace coroipc::sys {

class Listener {
 public:
  // Of a path's file only: an abstract name has no owner and no mode, so anybody may connect.
  struct Access {
    std::optional<mode_t> mode;  // 0600 when not given; no more than 0777
    std::optional<uid_t> uid;    // of whoever makes it when not given
    std::optional<gid_t> gid;
  };

  // INVALID_PARAM for a name that cannot be one, for a mode beyond 0777, and for any access with an
  // abstract name, which cannot keep it; EXIST when somebody has the name.
  [[nodiscard]] static Result<Listener> open(const std::string& name, const Access& access,
                                             int backlog);

  Listener() = default;
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  ~Listener() { reset(); }

  [[nodiscard]] const Fd& fd() const { return socket_; }
  // Stops listening and removes the path.
  void reset();

 private:
  explicit Listener(Fd socket) : socket_(std::move(socket)) {}
  [[nodiscard]] static Result<Listener> open_path(const std::string& path, const Access& access,
                                                  int backlog);

  // The file that was made, and by which process: a forked copy must not remove it.
  struct Place {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
    pid_t maker = 0;
  };
  Fd socket_;
  std::optional<Place> place_;
};

}  // namespace coroipc::sys
