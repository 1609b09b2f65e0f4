#include "channel.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

_Static_assert(sizeof(struct sockaddr_un) == ADDRESS_BYTES, "the whole address is used");

struct control control_of(enum generation generation, void *buffer) {
  if (generation == GENERATION_1_2) {
    struct control_1_2 *old = buffer;
    return (struct control){.read = &old->read,
                            .write = &old->write,
                            .request = &old->request,
                            .wake = &old->request,
                            .response = &old->response,
                            .dispatch = &old->dispatch};
  }
  struct control_1_4 *new = buffer;
  return (struct control){.read = &new->read,
                          .write = &new->write,
                          .flow_control = &new->flow_control,
                          .closed = &new->closed,
                          .request = &new->request,
                          .wake = &new->wake,
                          .response = &new->response,
                          .dispatch = &new->dispatch};
}

uint32_t index_load(const uint32_t *index) { return __atomic_load_n(index, __ATOMIC_ACQUIRE); }

void index_store(uint32_t *index, uint32_t value) {
  __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

size_t ring_free_raw(const struct ring *ring) {
  size_t read = index_load(ring->control.read);
  size_t write = index_load(ring->control.write);
  return read <= write ? ring->bytes - write + read : read - write;
}

size_t ring_free_usable(const struct ring *ring) {
  size_t raw = ring_free_raw(ring);
  // Generation 1.2 lets messages fill the ring to the last byte, which then looks empty.
  if (ring->generation == GENERATION_1_2) return raw;
  return raw < 9 ? 0 : raw - 9;
}

uint32_t ring_advance(const struct ring *ring, uint32_t index, size_t bytes) {
  size_t next = index + bytes;
  if (ring->generation == GENERATION_1_4) next = (next + 7) & ~(size_t)7;
  return (uint32_t)(next % ring->bytes);
}

void *map_once(int fd, size_t bytes) {
  void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return base == MAP_FAILED ? NULL : base;
}

void *map_twice(int fd, size_t bytes) {
  uint8_t *base = mmap(NULL, 2 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return NULL;
  for (int half = 0; half < 2; half++) {
    void *at = base + (size_t)half * bytes;
    if (mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) {
      int error = errno;
      munmap(base, 2 * bytes);
      errno = error;
      return NULL;
    }
  }
  return base;
}

bool address_of(const char *name, struct sockaddr_un *address) {
  memset(address, 0, sizeof(*address));
  address->sun_family = AF_UNIX;
  size_t length = strlen(name);
  if (length == 0 || length > sizeof(address->sun_path) - 1) return false;
  memcpy(address->sun_path + 1, name, length);
  return true;
}

void sem_wait_always(sem_t *semaphore) {
  while (sem_wait(semaphore) != 0 && errno == EINTR) {
  }
}
