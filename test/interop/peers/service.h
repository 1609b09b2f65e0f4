// The little service of the interop tests: its command ids and the contents by which each side
// knows that nothing was lost, doubled, reordered or torn. The fixtures in JavaScript serve and
// use the same.
#ifndef COROIPC_INTEROP_SERVICE_H
#define COROIPC_INTEROP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command {
  COMMAND_ECHO = 0,       // the body, back
  COMMAND_BURST = 1,      // {u32 count, u32 size}: an answer, then `count` messages of `size`
  COMMAND_STATUS = 2,     // {i32 status}: an answer without body that has this status
  COMMAND_DIE = 3,        // the server's process ends without an answer
  COMMAND_LATE = 4,       // {u32 ms}: an answer without body, so much later
  COMMAND_TRY_AGAIN = 5,  // an answer without body: TRY_AGAIN
  COMMAND_SUM = 6,        // any body: {u32 length, u32 sum of its bytes}
};

// Services that servers offer, and one whose users are refused for their credentials.
enum { SERVICE_LOW = 0, SERVICE_HIGH = 65535, SERVICE_FORBIDDEN = 77 };

// Byte `index` of the body of message `number`.
static inline uint8_t pattern_byte(uint32_t number, size_t index) {
  return (uint8_t)(number * 7 + index * 13 + 1);
}

static inline void pattern_fill(uint8_t *body, size_t bytes, uint32_t number) {
  for (size_t i = 0; i < bytes; i++) body[i] = pattern_byte(number, i);
}

static inline bool pattern_holds(const uint8_t *body, size_t bytes, uint32_t number) {
  for (size_t i = 0; i < bytes; i++) {
    if (body[i] != pattern_byte(number, i)) return false;
  }
  return true;
}

static inline uint32_t pattern_sum(const uint8_t *body, size_t bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes; i++) sum += body[i];
  return sum;
}

// A message of a burst has id COMMAND_BURST, status OK, and a body that is {u32 number, from 0}
// and the pattern of that number from the first byte behind it. A body of less than 4 bytes is
// pattern alone.
#define BURST_NUMBER_BYTES 4

#endif
