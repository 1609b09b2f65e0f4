// Dispatch messages: an event byte on the socket says that one is there (or, in generation 1.2,
// something about flow control), a semaphore counts them, the read index is this side's alone.
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "client.h"

static bool half_free(const struct client *client) {
  return ring_free_raw(&client->ring) > client->ring.bytes / 2;
}

// Generation 1.4 asks by waking the server's thread; 1.2 by a byte on the socket.
int client_ask_for_flush(struct client *client) {
  uint8_t flush = EVENT_FLUSH;
  if (client->generation == GENERATION_1_4) return sem_post(client->control.wake);
  return send(client->fd, &flush, 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static void ask_for_flush_1_4(struct client *client) {
  if (client->generation == GENERATION_1_4 && half_free(client)) client_ask_for_flush(client);
}

static int on_event_1_2(struct client *client, uint8_t event) {
  client->flow_control = event == EVENT_DISPATCH_MORE || event == EVENT_QUEUEING;
  if (client->flow_control) {
    // Asked for before this message's own room is free: with messages beyond half the ring the
    // server finds none, and nobody asks again. This is how clients of 1.2 are.
    if (client_ask_for_flush(client) != 0) return STATUS_LIBRARY;
  }
  return event == EVENT_QUEUEING || event == EVENT_QUEUE_EMPTY ? STATUS_TRY_AGAIN : STATUS_OK;
}

int client_get(struct client *client, const uint8_t **message, int timeout_ms) {
  struct pollfd ready = {.fd = client->fd, .events = POLLIN};
  uint8_t event;
  if (client_told_closed(client)) return STATUS_IN_SHUTDOWN;
  ask_for_flush_1_4(client);
  int count = poll(&ready, 1, timeout_ms);
  if (count == 0 || (count < 0 && errno == EINTR)) return STATUS_TRY_AGAIN;
  if (count < 0) return STATUS_LIBRARY;
  if ((ready.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
    return client_told_closed(client) ? STATUS_IN_SHUTDOWN : STATUS_LIBRARY;
  if (recv(client->fd, &event, 1, 0) != 1) return STATUS_LIBRARY;
  if (client->generation == GENERATION_1_2) {
    int status = on_event_1_2(client, event);
    if (status != STATUS_OK) return status;
  }
  ask_for_flush_1_4(client);
  *message = client->ring.base + index_load(client->control.read);
  return STATUS_OK;
}

int client_put(struct client *client) {
  int status = client_wait(client, client->control.dispatch);
  if (status != STATUS_OK) return client_told_closed(client) ? STATUS_IN_SHUTDOWN : status;
  uint32_t read = index_load(client->control.read);
  struct response_header header;
  memcpy(&header, client->ring.base + read, sizeof(header));
  index_store(client->control.read, ring_advance(&client->ring, read, (size_t)header.size));
  return STATUS_OK;
}

bool client_flow_control(const struct client *client) {
  if (client->generation == GENERATION_1_2) return client->flow_control;
  return *(volatile int32_t *)client->control.flow_control != 0;
}
