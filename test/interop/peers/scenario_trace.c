// The scenario `trace`: the event bytes of one fixed burst, as they come over the socket, for a
// comparison with what the original servers send. 12 messages of 500 bytes meet a ring of 4096:
// 8 fit, the rest waits for the flush.
#include <poll.h>
#include <string.h>

#include "scenario.h"

#define TRACE_COUNT 12
#define TRACE_SIZE 500
#define TRACE_FIRST 8
#define QUIET_MS 200

// Adds every event byte that comes, until none does for a while.
static void listen_for(struct play *play) {
  struct pollfd ready = {.fd = play->client.fd, .events = POLLIN};
  uint8_t event;
  size_t length = strlen(play->events);
  while (poll(&ready, 1, QUIET_MS) == 1 && recv(play->client.fd, &event, 1, 0) == 1) {
    if (length + 1 == sizeof(play->events)) scenario_fail(play, "too many events");
    play->events[length++] = event < 10 ? (char)('0' + event) : '?';
  }
  if (client_flow_control(&play->client)) play->flow_controlled = true;
}

static void take(struct play *play, int count) {
  for (int i = 0; i < count; i++) {
    if (client_put(&play->client) != STATUS_OK) scenario_fail(play, "put failed");
    play->dispatches++;
  }
}

void play_trace(struct play *play) {
  if (play->options.dispatch_bytes != 4096) scenario_fail(play, "--dispatch 4096, please");
  play_burst_request(play, TRACE_COUNT, TRACE_SIZE);
  listen_for(play);
  take(play, TRACE_FIRST);
  for (int i = 0; i < 3; i++) {
    client_ask_for_flush(&play->client);
    listen_for(play);
  }
  take(play, TRACE_COUNT - TRACE_FIRST);
  listen_for(play);
  if (client_flow_control(&play->client)) scenario_fail(play, "flow control stays");
  play->status = (int)*play->client.control.write;
}
