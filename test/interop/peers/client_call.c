// Calls, plain and zero-copy: one request slot, one response slot, one call at a time.
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

static bool server_gone(const struct client *client) {
  struct pollfd ready = {.fd = client->fd, .events = 0};
  return poll(&ready, 1, 0) == 1 && (ready.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

bool client_told_closed(const struct client *client) {
  return client->control.closed != NULL && *(volatile int32_t *)client->control.closed != 0;
}

// Generation 1.2 waits without end. 1.4 looks at the socket every one to two seconds.
int client_wait(struct client *client, sem_t *semaphore) {
  if (client->generation == GENERATION_1_2) {
    sem_wait_always(semaphore);
    return STATUS_OK;
  }
  for (;;) {
    if (client_told_closed(client)) return STATUS_LIBRARY;
    struct timespec until = {.tv_sec = time(NULL) + 2};
    if (sem_timedwait(semaphore, &until) == 0)
      return client_told_closed(client) ? STATUS_LIBRARY : STATUS_OK;
    if (errno == ETIMEDOUT && server_gone(client)) return STATUS_LIBRARY;
  }
}

int client_await(struct client *client, void *answer, size_t answer_bytes) {
  sem_post(client->control.request);
  if (client->control.wake != client->control.request) sem_post(client->control.wake);
  int status = client_wait(client, client->control.response);
  if (status != STATUS_OK) return status;
  const struct response_header *header = (const void *)client->response;
  if (header->error == STATUS_TRY_AGAIN) return STATUS_TRY_AGAIN;
  memcpy(answer, client->response, answer_bytes);
  return STATUS_OK;
}

int client_call(struct client *client, int32_t id, const void *body, size_t body_bytes,
                void *answer, size_t answer_bytes) {
  struct request_header header = {.size = (int32_t)(sizeof(header) + body_bytes), .id = id};
  if (sizeof(header) + body_bytes > client->request_bytes) return STATUS_INVALID_PARAM;
  memcpy(client->request, &header, sizeof(header));
  if (body_bytes > 0) memcpy(client->request + sizeof(header), body, body_bytes);
  return client_await(client, answer, answer_bytes);
}

// A zero-copy command is a request of a fixed size; the status in its answer means nothing.
static int command(struct client *client, const void *request, size_t bytes) {
  struct response_header answer;
  memcpy(client->request, request, bytes);
  return client_await(client, &answer, sizeof(answer));
}

int client_zcb_alloc(struct client *client, size_t bytes, struct request_header **message) {
  struct zero_copy_alloc request;
  char path[64];
  size_t map_bytes = bytes + sizeof(struct request_header) + sizeof(struct zero_copy_header);
  int fd = shared_file(client->generation, "corosync_zerocopy", map_bytes, path);
  if (fd < 0) return STATUS_LIBRARY;
  struct zero_copy_header *buffer = map_once(fd, map_bytes);
  close(fd);
  if (buffer == NULL) {
    unlink(path);
    return STATUS_LIBRARY;
  }
  buffer->map_bytes = (int32_t)map_bytes;
  memset(&request, 0, sizeof(request));
  request.header = (struct request_header){.size = sizeof(request), .id = ZERO_COPY_ALLOC};
  request.map_bytes = map_bytes;
  memcpy(request.file, path, sizeof(path));
  int status = command(client, &request, sizeof(request));
  *message = (struct request_header *)(buffer + 1);
  return status;
}

static struct zero_copy_header *words_before(struct request_header *message) {
  return (struct zero_copy_header *)message - 1;
}

int client_zcb_call(struct client *client, struct request_header *message, void *answer,
                    size_t answer_bytes) {
  struct zero_copy_execute request = {.header = {.size = sizeof(request), .id = ZERO_COPY_EXECUTE},
                                      .server_address = words_before(message)->server_address};
  memcpy(client->request, &request, sizeof(request));
  return client_await(client, answer, answer_bytes);
}

int client_zcb_free(struct client *client, struct request_header *message) {
  struct zero_copy_header *buffer = words_before(message);
  size_t map_bytes = (size_t)buffer->map_bytes;
  struct zero_copy_free request = {.header = {.size = sizeof(request), .id = ZERO_COPY_FREE},
                                   .map_bytes = map_bytes,
                                   .server_address = buffer->server_address};
  int status = command(client, &request, sizeof(request));
  munmap(buffer, map_bytes);
  return status;
}
