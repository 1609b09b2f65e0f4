// Messages that only go one way: numbered, so that none is lost unnoticed, and looked at.
#pragma once

#include <cstring>

#include "../../floor/sides.h"
#include "options.h"

namespace bench {

inline constexpr char kFill = 7;
inline constexpr size_t kNumberAt = 8;

// Writes the message of that number to `bytes`, which were filled with kFill before.
inline void number_message(char* bytes, uint64_t number) {
  memcpy(bytes + kNumberAt, &number, sizeof number);
}

// What came over one subscription.
class Arrivals {
 public:
  // False if the message is not the next one, or holds something else.
  [[nodiscard]] bool take(const void* message, size_t size) {
    const char* bytes = static_cast<const char*>(message);
    uint64_t number = 0;
    memcpy(&number, bytes + kNumberAt, sizeof number);
    const bool expected = !begun_ || number == next_;
    begun_ = true;
    next_ = number + 1;
    return expected && bytes[0] == kFill && bytes[size - 1] == kFill;
  }

 private:
  bool begun_ = false;
  uint64_t next_ = 0;
};

// `next()` handles some messages that came, having waited for the first of them, and gives their
// number; a negative one is a failure. Prints what it came to.
template <class Next>
[[nodiscard]] bool measure_stream(const Next& next, const Effort& effort, Meter& meter) {
  int64_t count = 0;
  const auto receive_for = [&](int64_t limit_ns) {
    const int64_t end = now_ns() + limit_ns;
    count = 0;
    do {
      const int64_t some = next();
      if (some < 0) return false;
      count += some;
    } while (now_ns() < end);
    return true;
  };
  // Also without a warm-up, the time begins after the first message.
  if (!receive_for(effort.warm_ns)) return false;
  meter.begin();
  if (!receive_for(effort.measure_ns)) return false;
  meter.end();
  printf("{");
  print_rates(meter, count);
  printf("}\n");
  return true;
}

}  // namespace bench
