// A connection's own thread: sleeps until a request has arrived (1.4: or a flush is due), hands
// it to the service under the server's one big lock, ends when the connection does.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

static pthread_mutex_t big_lock = PTHREAD_MUTEX_INITIALIZER;

static void serve_request(struct connection *connection) {
  const struct request_header *request = (const void *)connection->request;
  if (zero_copy_serve(connection, request)) return;
  pthread_mutex_lock(&big_lock);
  service_handle(connection, request);
  pthread_mutex_unlock(&big_lock);
}

// 1.4 is woken for flushes too: whether there is a request, the second semaphore says.
static bool request_waits(struct connection *connection) {
  int value = 0;
  if (connection->generation == GENERATION_1_2) return true;
  dispatch_flush(connection);
  sem_getvalue(connection->control.request, &value);
  if (value <= 0) return false;
  sem_wait_always(connection->control.request);
  return true;
}

void *connection_thread(void *argument) {
  struct connection *connection = argument;
  for (;;) {
    sem_wait_always(connection->control.wake);
    if (connection->state != STATE_ACTIVE) return NULL;
    if (request_waits(connection)) serve_request(connection);
  }
}

void response_send(struct connection *connection, const struct iovec *parts, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
  if (bytes > connection->response_bytes) {
    // The C library would write beyond the buffer here; a test that does this is at fault.
    fprintf(stderr, "an answer of %zu bytes, room for %zu\n", bytes, connection->response_bytes);
    abort();
  }
  uint8_t *into = connection->response;
  for (int i = 0; i < count; i++) {
    if (parts[i].iov_len > 0) memcpy(into, parts[i].iov_base, parts[i].iov_len);
    into += parts[i].iov_len;
  }
  sem_post(connection->control.response);
}
