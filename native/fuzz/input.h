// What the fuzzer hands a target, read from its beginning: a script of steps, each followed by what
// it needs. Behind the end everything is zero, so that any bytes are a script, and one that is cut
// short still is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

namespace coroipc::fuzz {

// What has to hold whatever a peer does. The fuzzer takes the abort for its finding.
inline void demand(bool holds, const char* text, const char* file, int line) {
  if (holds) return;
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, text);
  abort();
}
#define DEMAND(condition) \
  ::coroipc::fuzz::demand(static_cast<bool>(condition), #condition, __FILE__, __LINE__)

class Input {
 public:
  Input(const uint8_t* data, size_t size) : left_(std::as_bytes(std::span(data, size))) {}

  [[nodiscard]] bool more() const { return !left_.empty(); }
  template <class T>
  [[nodiscard]] T number() {
    T value{};
    const std::span<const std::byte> some = bytes(sizeof value);
    if (!some.empty()) std::memcpy(&value, some.data(), some.size());
    return value;
  }
  [[nodiscard]] uint8_t byte() { return number<uint8_t>(); }
  // One of so many, at most 256.
  [[nodiscard]] uint32_t below(uint32_t bound) { return byte() % bound; }
  // As many as are left, and no more than that.
  [[nodiscard]] std::span<const std::byte> bytes(size_t most) {
    const std::span<const std::byte> taken = left_.first(std::min(most, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  // Any number, mostly one near `around`: what is nearly right gets farthest.
  template <class T>
  [[nodiscard]] T near(T around) {
    const uint8_t how = byte();
    if (how < 128) return static_cast<T>(around + static_cast<T>(how * 8));
    if (how < 192) return static_cast<T>(around - static_cast<T>((how - 128) * 8));
    if (how < 224) return static_cast<T>(around + static_cast<T>(how - 192) - 16);
    return number<T>();
  }

 private:
  std::span<const std::byte> left_;
};

}  // namespace coroipc::fuzz
