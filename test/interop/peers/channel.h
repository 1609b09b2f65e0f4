// What both ends do alike with the shared memory: name the words of the control buffer whatever
// the generation, map a file once or twice back to back, and reckon with the ring's two indices.
// Not one of these functions waits, allocates on the heap or touches the socket.
#ifndef COROIPC_INTEROP_CHANNEL_H
#define COROIPC_INTEROP_CHANNEL_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "classic.h"

// The words of a control buffer. In generation 1.2 one semaphore is both `request` and `wake`,
// and `flow_control` and `closed` are NULL.
struct control {
  uint32_t *read;
  uint32_t *write;
  int32_t *flow_control;
  int32_t *closed;
  sem_t *request;
  sem_t *wake;
  sem_t *response;
  sem_t *dispatch;
};

struct control control_of(enum generation generation, void *buffer);

// The dispatch ring, mapped twice: `base[bytes + i]` is `base[i]`.
struct ring {
  enum generation generation;
  struct control control;
  uint8_t *base;
  size_t bytes;
};

// Bytes between the write index and the read index: an empty ring and a full one look the same.
size_t ring_free_raw(const struct ring *ring);
// What a server believes it may write.
size_t ring_free_usable(const struct ring *ring);
// An index moved over `bytes` bytes: rounded up to 8 in generation 1.4.
uint32_t ring_advance(const struct ring *ring, uint32_t index, size_t bytes);

uint32_t index_load(const uint32_t *index);
void index_store(uint32_t *index, uint32_t value);

// NULL when it fails, with errno. The descriptor stays the caller's.
void *map_once(int fd, size_t bytes);
void *map_twice(int fd, size_t bytes);

// The abstract address; it is used with its full ADDRESS_BYTES, zeros included. False: too long.
bool address_of(const char *name, struct sockaddr_un *address);

// sem_wait that goes on after a signal.
void sem_wait_always(sem_t *semaphore);

#endif
