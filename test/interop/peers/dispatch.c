// Dispatch messages, their queue, and the bytes and semaphore posts that announce them. The order
// of the steps is the C library's: copy, event byte, post. So are the limits of what fits, that
// of 1.2 with its ring that looks empty when it is exactly full included.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

static void ask_for_pollout(struct connection *connection) {
  uint64_t one = 1;
  connection->want_out = true;
  ssize_t written = write(connection->wake_poll_fd, &one, sizeof(one));
  (void)written;
}

static bool send_event(struct connection *connection, uint8_t event) {
  return send(connection->fd, &event, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 || errno != EAGAIN;
}

// Copies, announces, posts. 1.4 moves the index to the next multiple of 8 after each part.
static void put(struct connection *connection, const struct iovec *parts, int count) {
  struct ring *ring = &connection->ring;
  for (int i = 0; i < count; i++) {
    uint32_t write = index_load(ring->control.write);
    memcpy(ring->base + write, parts[i].iov_base, parts[i].iov_len);
    index_store(ring->control.write, ring_advance(ring, write, parts[i].iov_len));
  }
  // 1.2 says whether more waits, 1.4 whether nothing does.
  bool waits = connection->first != NULL;
  uint8_t event = waits == (connection->generation == GENERATION_1_2) ? 1 : 0;
  if (!send_event(connection, event)) {
    connection->owed_events++;
    ask_for_pollout(connection);
  }
  sem_post(connection->control.dispatch);
}

static void enqueue(struct connection *connection, const struct iovec *parts, int count,
                    size_t bytes) {
  struct queued *item = malloc(sizeof(*item) + bytes);
  if (item == NULL) abort();
  uint8_t *into = item->message;
  for (int i = 0; i < count; i++) {
    memcpy(into, parts[i].iov_base, parts[i].iov_len);
    into += parts[i].iov_len;
  }
  if (connection->first == NULL) {
    if (connection->generation == GENERATION_1_4) {
      *(volatile int32_t *)connection->control.flow_control = 1;
    } else {
      connection->owes_queueing_byte = true;
      ask_for_pollout(connection);
    }
  }
  item->bytes = bytes;
  item->next = NULL;
  *connection->last = item;
  connection->last = &item->next;
}

void dispatch_send(struct connection *connection, const struct iovec *parts, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
  if (connection->state != STATE_ACTIVE) return;
  pthread_mutex_lock(&connection->mutex);
  if (connection->first == NULL && ring_free_usable(&connection->ring) >= bytes) {
    put(connection, parts, count);
  } else {
    enqueue(connection, parts, count, bytes);
  }
  pthread_mutex_unlock(&connection->mutex);
}

static void on_empty_queue(struct connection *connection) {
  if (connection->generation == GENERATION_1_4) {
    *(volatile int32_t *)connection->control.flow_control = 0;
  } else {
    send_event(connection, EVENT_QUEUE_EMPTY);
  }
}

void dispatch_flush(struct connection *connection) {
  pthread_mutex_lock(&connection->mutex);
  if (connection->first == NULL) on_empty_queue(connection);
  while (connection->first) {
    struct queued *item = connection->first;
    if (ring_free_usable(&connection->ring) <= item->bytes) break;
    struct iovec whole = {item->message, item->bytes};
    put(connection, &whole, 1);  // The item still counts as queued, so its event byte says so.
    connection->first = item->next;
    if (connection->first == NULL) connection->last = &connection->first;
    free(item);
  }
  pthread_mutex_unlock(&connection->mutex);
}

void dispatch_pay(struct connection *connection) {
  pthread_mutex_lock(&connection->mutex);
  bool waits = connection->first != NULL;
  uint8_t event = waits && connection->generation == GENERATION_1_2 ? 1 : 0;
  while (connection->owed_events > 0 && send_event(connection, event)) connection->owed_events--;
  if (connection->owed_events == 0 && connection->owes_queueing_byte &&
      send_event(connection, EVENT_QUEUEING))
    connection->owes_queueing_byte = false;
  connection->want_out = connection->owed_events > 0 || connection->owes_queueing_byte;
  pthread_mutex_unlock(&connection->mutex);
}

void dispatch_release(struct connection *connection) {
  while (connection->first) {
    struct queued *item = connection->first;
    connection->first = item->next;
    free(item);
  }
}
