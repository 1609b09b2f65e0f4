// Scenarios with dispatch messages. Each message is checked to the last byte, and their order.
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"
#include "service.h"

// Messages between two calls of the scenario `both`.
#define BOTH_COUNT 3

void play_burst_request(struct play *play, uint32_t count, uint32_t size) {
  uint32_t body[2] = {count, size};
  struct response_header answer;
  play_call(play, COMMAND_BURST, body, sizeof(body), (uint8_t *)&answer, sizeof(answer));
}

static void check(struct play *play, const uint8_t *message, uint32_t number, uint32_t size) {
  struct response_header header;
  const uint8_t *body = message + sizeof(header);
  size_t bytes = size - sizeof(header);
  uint32_t said = number;
  size_t skip = bytes < BURST_NUMBER_BYTES ? 0 : BURST_NUMBER_BYTES;
  memcpy(&header, message, sizeof(header));
  if (header.size != (int32_t)size || header.id != COMMAND_BURST || header.error != STATUS_OK)
    scenario_fail(play, "message %u: size %d id %d error %d, not %u 1 1", number, header.size,
                  header.id, header.error, size);
  if (skip > 0) memcpy(&said, body, sizeof(said));
  if (said != number) scenario_fail(play, "message %u came where %u was due", said, number);
  for (size_t i = skip; i < bytes; i++) {
    if (body[i] != pattern_byte(number, i))
      scenario_fail(play, "message %u of %u bytes is torn at byte %zu of its body", number, size,
                    i);
  }
}

// One message, or false when none came within the time.
static bool read_one(struct play *play, uint32_t count, uint32_t size, int timeout_ms,
                     long think_us) {
  const uint8_t *message;
  if (play->fd_reader) {
    struct pollfd ready = {.fd = play->client.fd, .events = POLLIN};
    if (poll(&ready, 1, timeout_ms) == 0) return false;
    timeout_ms = 0;
  }
  int status = client_get(&play->client, &message, timeout_ms);
  if (client_flow_control(&play->client)) play->flow_controlled = true;
  if (status == STATUS_TRY_AGAIN) return false;
  if (status != STATUS_OK) scenario_fail(play, "get: status %d", status);
  check(play, message, (uint32_t)play->dispatches % count, size);
  if (think_us > 0) usleep((useconds_t)think_us);
  status = client_put(&play->client);
  if (status != STATUS_OK) scenario_fail(play, "put: status %d", status);
  play->dispatches++;
  return true;
}

static long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void play_burst_read(struct play *play, uint32_t total, uint32_t count, uint32_t size,
                     long think_us) {
  // A get may end without a message because of an event that carries none: only time tells.
  long last_ms = now_ms();
  while (play->dispatches < total) {
    if (read_one(play, count, size, play->stall_ms, think_us)) {
      last_ms = now_ms();
    } else if (now_ms() - last_ms >= play->stall_ms) {
      scenario_fail(play, "stalled after %ld of %u messages", play->dispatches, total);
    }
  }
}

void play_burst(struct play *play) {
  uint32_t count = (uint32_t)play->args[0];
  uint32_t size = (uint32_t)play->args[1];
  play_burst_request(play, count, size);
  play_burst_read(play, count, count, size, play->args[2]);
  // What flow control left behind must not trouble the next call, nor a message come too many.
  const uint8_t *message;
  int status = client_get(&play->client, &message, 20);
  while (status == STATUS_TRY_AGAIN && play->client.generation == GENERATION_1_2) {
    struct pollfd ready = {.fd = play->client.fd, .events = POLLIN};
    if (poll(&ready, 1, 20) == 0) break;
    status = client_get(&play->client, &message, 0);
  }
  if (status != STATUS_TRY_AGAIN) scenario_fail(play, "one more get: status %d", status);
}

void play_both(struct play *play) {
  uint32_t rounds = (uint32_t)play->args[0];
  uint32_t size = (uint32_t)play->args[1];
  uint8_t *body = malloc(size);
  uint8_t *answer = malloc(sizeof(struct response_header) + size);
  for (uint32_t round = 0; round < rounds; round++) {
    play_burst_request(play, BOTH_COUNT, size);
    pattern_fill(body, size, round);
    play_call(play, COMMAND_ECHO, body, size, answer, sizeof(struct response_header) + size);
    if (memcmp(answer + sizeof(struct response_header), body, size) != 0)
      scenario_fail(play, "echo %u differs", round);
    for (int i = 0; i < 2; i++) read_one(play, BOTH_COUNT, size, 0, 0);
  }
  play_burst_read(play, rounds * BOTH_COUNT, BOTH_COUNT, size, 0);
  free(body);
  free(answer);
}

void play_kill(struct play *play) {
  uint32_t count = (uint32_t)play->args[0];
  uint32_t size = (uint32_t)play->args[1];
  play_burst_request(play, count, size);
  play_burst_read(play, count / 2, count, size, 0);
  raise(SIGKILL);
}
