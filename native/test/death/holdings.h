// What this process holds of its connections, and what lies in /dev/shm: read from /proc, so that
// nothing has to be asked of the code that is judged.
#pragma once

#include <cstddef>
#include <set>
#include <string>

namespace coroipc::death {

struct Holdings {
  size_t descriptors = 0;
  size_t memory_files = 0;  // of those descriptors
  size_t mappings = 0;      // of memfds of the library's and of files in /dev/shm
  size_t threads = 0;

  bool operator==(const Holdings&) const = default;
  [[nodiscard]] std::string text() const;
};

[[nodiscard]] Holdings holdings();
// Once they do not change any more: a watch thread keeps what it looked at until it looks away.
[[nodiscard]] Holdings settled_holdings();

// Gives this process, and those that it starts, a /dev/shm of their own, so that no name in it is
// another program's. False: that is not allowed here. To be called before any thread is started.
[[nodiscard]] bool take_shared_names();

// Watches over the names of the classic wire in /dev/shm. A name is there for as long as a
// handshake takes: one that stays is one that was left.
class SharedNames {
 public:
  SharedNames() : known_(list()) {}
  // New names that do not go away. They are told once.
  [[nodiscard]] std::set<std::string> left();

 private:
  [[nodiscard]] static std::set<std::string> list();
  std::set<std::string> known_;
};

}  // namespace coroipc::death
