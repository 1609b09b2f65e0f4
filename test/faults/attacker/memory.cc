// Mapped memory: words that are read, written, and changed by a thread as fast as it can.
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstring>
#include <thread>

#include "commands.h"

namespace attacker {
namespace {

std::vector<std::byte*>& maps() {
  static std::vector<std::byte*> all;
  return all;
}

struct Flipping {
  std::atomic<bool> over = false;
  std::vector<std::thread> threads;
};
Flipping& flipping() {
  static Flipping all;
  return all;
}

std::byte* place(const Words& words) {
  return maps()[static_cast<size_t>(number(words[0]))] + number(words[1]);
}

void store(std::byte* at, long long width, uint64_t value) {
  if (width == 8) {
    std::atomic_ref(*reinterpret_cast<uint64_t*>(at)).store(value);
  } else {
    std::atomic_ref(*reinterpret_cast<uint32_t*>(at)).store(static_cast<uint32_t>(value));
  }
}

uint64_t value_of(const std::string& word) { return std::stoull(word, nullptr, 0); }

// map FD BYTES r|rw: the number that it has from now on.
std::string map(const Words& words) {
  const int protection = words[2] == "r" ? PROT_READ : PROT_READ | PROT_WRITE;
  void* const at = mmap(nullptr, static_cast<size_t>(number(words[1])), protection, MAP_SHARED,
                        descriptor(words[0]), 0);
  if (at == MAP_FAILED) return failed();
  maps().push_back(static_cast<std::byte*>(at));
  return std::to_string(maps().size() - 1);
}

// peek MAP AT WIDTH
std::string peek(const Words& words) {
  std::byte* const at = place(words);
  const bool wide = number(words[2]) == 8;
  return std::to_string(wide ? std::atomic_ref(*reinterpret_cast<uint64_t*>(at)).load()
                             : std::atomic_ref(*reinterpret_cast<uint32_t*>(at)).load());
}

// poke MAP AT WIDTH VALUE
std::string poke(const Words& words) {
  store(place(words), number(words[2]), value_of(words[3]));
  return "0";
}

// fill MAP AT HEX
std::string fill(const Words& words) {
  const std::string bytes = from_hex(words[2]);
  std::memcpy(place(words), bytes.data(), bytes.size());
  return "0";
}

// read MAP AT BYTES
std::string read_bytes(const Words& words) {
  return to_hex(
      {reinterpret_cast<const char*>(place(words)), static_cast<size_t>(number(words[2]))});
}

// post MAP AT: sem_post of whoever does not look who waits.
std::string post(const Words& words) {
  auto* const word = reinterpret_cast<uint32_t*>(place(words));
  std::atomic_ref(*word).fetch_add(1);
  return outcome(syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0));
}

// flip MAP AT WIDTH A B: from now on one or the other, as fast as a thread can, until `still`.
std::string flip(const Words& words) {
  std::byte* const at = place(words);
  const long long width = number(words[2]);
  const uint64_t one = value_of(words[3]);
  const uint64_t other = value_of(words[4]);
  flipping().threads.emplace_back([=] {
    while (!flipping().over.load(std::memory_order_relaxed)) {
      store(at, width, one);
      store(at, width, other);
    }
    store(at, width, one);
  });
  return "0";
}

std::string still(const Words&) {
  flipping().over = true;
  for (std::thread& thread : flipping().threads) thread.join();
  flipping().threads.clear();
  flipping().over = false;
  return "0";
}

}  // namespace

void add_memory_commands(Commands& commands) {
  commands["map"] = map;
  commands["peek"] = peek;
  commands["poke"] = poke;
  commands["fill"] = fill;
  commands["read"] = read_bytes;
  commands["post"] = post;
  commands["flip"] = flip;
  commands["still"] = still;
}

}  // namespace attacker
