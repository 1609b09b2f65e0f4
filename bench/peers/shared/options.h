// What a peer's program is asked for, as words NAME=VALUE: which measure, how long, how much,
// where. It prints one line of JSON: an object of numbers, or an empty list where the library
// cannot do that much.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "../../floor/calls.h"

namespace bench {

struct Options {
  std::string measure;  // syncCall, wake, pipelined, dispatch, fanOut, paced, or version
  std::string way;      // which of its ways a program with several goes
  Effort effort{0, 200'000'000, 0, 0};
  int caller_cpu = -1;
  int server_cpu = -1;
  size_t payload = 64;
  int in_flight = 1;
  int subscribers = 1;
};

// The first and last byte, and a number between them.
inline constexpr size_t kLeastPayload = 17;

[[nodiscard]] inline bool take_option(const char* word, Options& options) {
  const char* value = strchr(word, '=');
  if (value == nullptr) return false;
  const std::string name(word, value);
  value += 1;
  const long number = atol(value);
  if (name == "measure") return options.measure = value, true;
  if (name == "way") return options.way = value, true;
  if (name == "warmMs") return options.effort.warm_ns = number * 1'000'000, number >= 0;
  if (name == "ms") return options.effort.measure_ns = number * 1'000'000, number > 0;
  if (name == "pauseUs") return options.effort.pause_ns = number * 1000, true;
  if (name == "rate") return options.effort.rate = number, number >= 0;
  if (name == "callerCpu") return options.caller_cpu = static_cast<int>(number), true;
  if (name == "serverCpu") return options.server_cpu = static_cast<int>(number), true;
  if (name == "inFlight") return options.in_flight = static_cast<int>(number), number > 0;
  if (name == "subscribers") return options.subscribers = static_cast<int>(number), number > 0;
  if (name != "payload") return false;
  options.payload = static_cast<size_t>(number);
  return number >= static_cast<long>(kLeastPayload);
}

[[nodiscard]] inline bool parse(int argc, char** argv, Options& options) {
  for (int index = 1; index < argc; ++index) {
    if (take_option(argv[index], options)) continue;
    fprintf(stderr, "%s: not understood: %s\n", argv[0], argv[index]);
    return false;
  }
  return true;
}

[[nodiscard]] inline bool is_call(const Options& options) {
  return options.measure == "syncCall" || options.measure == "wake";
}

[[nodiscard]] inline bool is_stream(const Options& options) {
  return options.measure == "dispatch" || options.measure == "fanOut";
}

// Whether both sides are to run on the same CPU, and on no other.
[[nodiscard]] inline bool share_a_cpu(const Options& options) {
  return options.caller_cpu >= 0 && options.caller_cpu == options.server_cpu;
}

}  // namespace bench
