// The scenarios that are made of calls, the choice among all of them, and the report.
#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "service.h"

void scenario_fail(struct play *play, const char *format, ...) {
  char why[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why, sizeof(why), format, arguments);
  va_end(arguments);
  printf("{\"ok\":false,\"scenario\":\"%s\",\"why\":\"%s\",\"calls\":%ld,\"dispatches\":%ld}\n",
         play->scenario, why, play->calls, play->dispatches);
  fflush(stdout);
  _exit(1);
}

void play_call(struct play *play, int32_t id, const void *body, size_t body_bytes, uint8_t *answer,
               size_t answer_bytes) {
  struct response_header header;
  int status = client_call(&play->client, id, body, body_bytes, answer, answer_bytes);
  if (status != STATUS_OK) scenario_fail(play, "call %d: status %d", id, status);
  memcpy(&header, answer, sizeof(header));
  if (header.error != STATUS_OK || header.size != (int32_t)answer_bytes)
    scenario_fail(play, "answer to %d: size %d error %d, not %zu 1", id, header.size, header.error,
                  answer_bytes);
  play->calls++;
}

static void echo(struct play *play, size_t size, long count) {
  size_t answer_bytes = sizeof(struct response_header) + size;
  uint8_t *body = malloc(size + 1);
  uint8_t *answer = malloc(answer_bytes);
  for (long i = 0; i < count; i++) {
    pattern_fill(body, size, (uint32_t)i);
    memset(answer, 0, answer_bytes);
    play_call(play, COMMAND_ECHO, body, size, answer, answer_bytes);
    if (!pattern_holds(answer + sizeof(struct response_header), size, (uint32_t)i))
      scenario_fail(play, "echo %ld differs", i);
  }
  free(body);
  free(answer);
}

static void play_sum(struct play *play) {
  size_t size = (size_t)play->args[0];
  long count = play->args[1];
  struct {
    struct response_header header;
    uint32_t length;
    uint32_t sum;
  } answer;
  uint8_t *body = malloc(size + 1);
  for (long i = 0; i < count; i++) {
    pattern_fill(body, size, (uint32_t)i);
    play_call(play, COMMAND_SUM, body, size, (uint8_t *)&answer, sizeof(answer));
    if (answer.length != size || answer.sum != pattern_sum(body, size))
      scenario_fail(play, "sum %ld: %u bytes, %u", i, answer.length, answer.sum);
  }
  free(body);
}

static void play_zcb(struct play *play) {
  size_t size = (size_t)play->args[0];
  struct request_header *message;
  size_t answer_bytes = sizeof(struct response_header) + size;
  uint8_t *answer = malloc(answer_bytes);
  int status = client_zcb_alloc(&play->client, size, &message);
  if (status != STATUS_OK) scenario_fail(play, "alloc: status %d", status);
  for (uint32_t i = 0; i < 3; i++) {
    struct response_header header;
    *message =
        (struct request_header){.size = (int32_t)(sizeof(*message) + size), .id = COMMAND_ECHO};
    pattern_fill((uint8_t *)(message + 1), size, i);
    status = client_zcb_call(&play->client, message, answer, answer_bytes);
    memcpy(&header, answer, sizeof(header));
    if (status != STATUS_OK || header.error != STATUS_OK || header.size != (int32_t)answer_bytes)
      scenario_fail(play, "execute: status %d size %d error %d", status, header.size, header.error);
    if (!pattern_holds(answer + sizeof(header), size, i))
      scenario_fail(play, "zero-copy echo %u differs", i);
    play->calls++;
  }
  status = client_zcb_free(&play->client, message);
  if (status != STATUS_OK) scenario_fail(play, "free: status %d", status);
  free(answer);
}

// A call that is there for its status: the library's where it gives one, else the answer's.
static void call_for_status(struct play *play, int32_t id) {
  int32_t argument = (int32_t)play->args[0];
  struct response_header header = {.error = 0};
  play->status =
      client_call(&play->client, id, &argument, sizeof(argument), &header, sizeof(header));
  if (play->status == STATUS_OK) play->status = header.error;
  play->calls++;
}

static void play_echo(struct play *play) { echo(play, (size_t)play->args[0], play->args[1]); }

static void play_leave(struct play *play) { (void)play; }

static void play_in_pieces(struct play *play) { echo(play, 100, 10); }

static void play_status(struct play *play) { call_for_status(play, COMMAND_STATUS); }

static void play_try_again(struct play *play) { call_for_status(play, COMMAND_TRY_AGAIN); }

static void play_late(struct play *play) { call_for_status(play, COMMAND_LATE); }

static void play_die(struct play *play) { call_for_status(play, COMMAND_DIE); }

static void report(const struct play *play) {
  printf(
      "{\"ok\":true,\"scenario\":\"%s\",\"calls\":%ld,\"dispatches\":%ld,\"status\":%d,"
      "\"flowControlled\":%s,\"events\":\"%s\"}\n",
      play->scenario, play->calls, play->dispatches, play->status,
      play->flow_controlled ? "true" : "false", play->events);
  fflush(stdout);
}

// The answer does not fit into the response buffer; the next call must find nothing amiss.
static void play_overflow(struct play *play) {
  struct response_header header = {.error = 0};
  size_t size = (size_t)play->args[0];
  uint8_t *body = malloc(size);
  pattern_fill(body, size, 0);
  play->status = client_call(&play->client, COMMAND_ECHO, body, size, &header, sizeof(header));
  if (play->status == STATUS_OK) play->status = header.error;
  free(body);
  echo(play, 100, 1);
}

static void play_exit(struct play *play) {
  echo(play, 100, 1);
  report(play);
  _exit(0);
}

static void choose(struct play *play) {
  static const struct {
    const char *name;
    void (*play)(struct play *play);
  } scenarios[] = {
      {"echo", play_echo},
      {"sum", play_sum},
      {"burst", play_burst},
      {"both", play_both},
      {"kill", play_kill},
      {"trace", play_trace},
      {"zcb", play_zcb},
      {"status", play_status},
      {"late", play_late},
      {"try-again", play_try_again},
      {"die", play_die},
      {"exit", play_exit},
      {"in-pieces", play_in_pieces},
      {"overflow", play_overflow},
      {"leave", play_leave},
  };
  for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
    if (strcmp(play->scenario, scenarios[i].name) != 0) continue;
    scenarios[i].play(play);
    return;
  }
  scenario_fail(play, "no such scenario");
}

int scenario_play(struct play *play) {
  bool refused = strcmp(play->scenario, "refused") == 0;
  play->options.in_pieces = strcmp(play->scenario, "in-pieces") == 0;
  play->status = client_connect(&play->client, &play->options);
  if (play->status != STATUS_OK && !refused)
    scenario_fail(play, "connect: status %d", play->status);
  if (!refused) choose(play);
  if (play->status == STATUS_OK || !refused) client_disconnect(&play->client);
  report(play);
  return 0;
}
