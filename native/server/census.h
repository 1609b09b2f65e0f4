// How many connections a server has: in all, of each user, and how many are still in their
// handshake; and which limit forbids one more. Numbers only. A peer that is heard just to be told
// that it is refused is not in it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <unordered_map>

namespace coroipc::server {

class Census {
 public:
  enum class Full { kNothing, kConnections, kConnectionsOfUid };

  Census(size_t connections, size_t of_uid) : max_connections_(connections), max_of_uid_(of_uid) {}

  // What forbids one more of that user.
  [[nodiscard]] Full full_for(uid_t uid) const {
    if (connections_ >= max_connections_) return Full::kConnections;
    if (const auto found = of_uid_.find(uid);
        found != of_uid_.end() && found->second >= max_of_uid_)
      return Full::kConnectionsOfUid;
    return Full::kNothing;
  }

  // Somebody begins a handshake; is gone, before it was finished or after.
  void enter(uid_t uid) {
    ++connections_;
    ++of_uid_[uid];
  }
  void leave(uid_t uid) {
    --connections_;
    const auto found = of_uid_.find(uid);
    if (--found->second == 0) of_uid_.erase(found);
  }

 private:
  const size_t max_connections_;
  const size_t max_of_uid_;
  size_t connections_ = 0;
  std::unordered_map<uid_t, size_t> of_uid_;  // without those of whom there are none
};

}  // namespace coroipc::server
