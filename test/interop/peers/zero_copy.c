// Zero-copy commands. The client is told the address at which the server mapped its file, and
// names it in later commands; an address that was never given out ends the process with a word.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server.h"

// The status in this answer was never set in the C library: it holds what the stack held.
static void acknowledge(struct connection *connection, int32_t id) {
  struct response_header header = {.size = sizeof(header), .id = id, .error = 0x7A7A7A7A};
  struct iovec part = {&header, sizeof(header)};
  response_send(connection, &part, 1);
}

_Noreturn static void abandon(const char *what) {
  fprintf(stderr, "zero-copy: %s\n", what);
  abort();
}

static struct zero_copy_buffer **find(struct connection *connection, uint64_t address) {
  struct zero_copy_buffer **link = &connection->zero_copy;
  while (*link && (uintptr_t)(*link)->base != address) link = &(*link)->next;
  return link;
}

static void alloc(struct connection *connection, const struct zero_copy_alloc *request) {
  int fd = open(request->file, O_RDWR | O_CLOEXEC);
  unlink(request->file);
  if (fd < 0) abandon("the client's file is not there");
  if (ftruncate(fd, (off_t)request->map_bytes) != 0) abandon("the client's file cannot be sized");
  struct zero_copy_header *base = map_once(fd, request->map_bytes);
  close(fd);
  struct zero_copy_buffer *buffer = malloc(sizeof(*buffer));
  if (base == NULL || buffer == NULL) abandon("no memory");
  *buffer = (struct zero_copy_buffer){connection->zero_copy, (uint8_t *)base, request->map_bytes};
  connection->zero_copy = buffer;
  base->server_address = (uintptr_t)base;
  acknowledge(connection, 0);
}

static void release(struct zero_copy_buffer **link) {
  struct zero_copy_buffer *buffer = *link;
  *link = buffer->next;
  munmap(buffer->base, buffer->bytes);
  free(buffer);
}

static void free_buffer(struct connection *connection, const struct zero_copy_free *request) {
  struct zero_copy_buffer **link = find(connection, request->server_address);
  if (*link == NULL) abandon("a free of an address that was never given out");
  if ((*link)->bytes != request->map_bytes) abandon("a free of another size than the buffer's");
  release(link);
  acknowledge(connection, 0);
}

static void execute(struct connection *connection, const struct zero_copy_execute *request) {
  struct zero_copy_buffer *buffer = *find(connection, request->server_address);
  if (buffer == NULL) abandon("an execute of an address that was never given out");
  service_handle(connection, (const void *)(buffer->base + sizeof(struct zero_copy_header)));
}

bool zero_copy_serve(struct connection *connection, const struct request_header *request) {
  if (request->id == ZERO_COPY_ALLOC)
    alloc(connection, (const void *)request);
  else if (request->id == ZERO_COPY_FREE)
    free_buffer(connection, (const void *)request);
  else if (request->id == ZERO_COPY_EXECUTE)
    execute(connection, (const void *)request);
  else
    return false;
  return true;
}

void zero_copy_release(struct connection *connection) {
  while (connection->zero_copy) release(&connection->zero_copy);
}
