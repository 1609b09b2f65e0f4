// The scenarios of classic_client, and how they report.
#ifndef COROIPC_INTEROP_SCENARIO_H
#define COROIPC_INTEROP_SCENARIO_H

#include "client.h"

#define SCENARIO_ARGS 3

// One run: what it was asked to do, and what it has counted.
struct play {
  struct client_options options;
  const char *scenario;
  long args[SCENARIO_ARGS];
  bool fd_reader;
  int stall_ms;  // no dispatch message for so long: the burst has stalled

  struct client client;
  long calls;
  long dispatches;
  bool flow_controlled;  // seen at least once
  int status;            // what the scenario was to find out
  char events[64];       // of the scenario `trace`: the event bytes, a digit each
};

// Plays it and prints the line of JSON; the exit code. Does not return when something is amiss.
int scenario_play(struct play *play);

// Prints {"ok":false,"why":...} and ends the process with 1.
_Noreturn void scenario_fail(struct play *play, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// A call that must succeed, with the answer's status OK and its size as given.
void play_call(struct play *play, int32_t id, const void *body, size_t body_bytes, uint8_t *answer,
               size_t answer_bytes);

void play_burst_request(struct play *play, uint32_t count, uint32_t size);
// Reads messages numbered from..to-1 of bursts of `count`; waits for each.
void play_burst_read(struct play *play, uint32_t total, uint32_t count, uint32_t size,
                     long think_us);

void play_burst(struct play *play);
void play_both(struct play *play);
void play_kill(struct play *play);
void play_trace(struct play *play);

#endif
