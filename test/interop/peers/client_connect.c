// The client's half of the handshake: four files, the semaphores, the setup message, the answer.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"

#define FILES 4

struct shared_files {
  int fd[FILES];
  char path[FILES][64];
  size_t bytes[FILES];
};

// Generation 1.4 writes the file full, to learn of a full file system now and not from a signal.
static bool write_zeros(int fd, size_t bytes) {
  static const uint8_t zeros[4096];
  while (bytes > 0) {
    ssize_t written = write(fd, zeros, bytes < sizeof(zeros) ? bytes : sizeof(zeros));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes -= (size_t)written;
  }
  return true;
}

int shared_file(enum generation generation, const char *prefix, size_t bytes, char path[64]) {
  snprintf(path, 64, "/dev/shm/%s-XXXXXX", prefix);
  int fd = mkstemp(path);
  if (fd < 0) return -1;
  if (ftruncate(fd, (off_t)bytes) == 0 && (generation == GENERATION_1_2 || write_zeros(fd, bytes)))
    return fd;
  unlink(path);
  close(fd);
  return -1;
}

static bool make_files(struct shared_files *files, const struct client_options *options) {
  static const char *const prefixes[FILES] = {"control_buffer", "request_buffer", "response_buffer",
                                              "dispatch_buffer"};
  const size_t bytes[FILES] = {CONTROL_BYTES, options->request_bytes, options->response_bytes,
                               options->dispatch_bytes};
  for (int i = 0; i < FILES; i++) files->fd[i] = -1;
  for (int i = 0; i < FILES; i++) {
    files->bytes[i] = bytes[i];
    files->fd[i] = shared_file(options->generation, prefixes[i], bytes[i], files->path[i]);
    if (files->fd[i] < 0) return false;
  }
  return true;
}

static void drop_files(struct shared_files *files, bool remove) {
  for (int i = 0; i < FILES; i++) {
    if (files->fd[i] < 0) continue;
    if (remove) unlink(files->path[i]);
    close(files->fd[i]);
    files->fd[i] = -1;
  }
}

static bool map_files(struct client *client, const struct shared_files *files) {
  void *control = map_once(files->fd[0], files->bytes[0]);
  client->request = map_once(files->fd[1], files->bytes[1]);
  client->response = map_once(files->fd[2], files->bytes[2]);
  client->ring.base = map_twice(files->fd[3], files->bytes[3]);
  if (!control || !client->request || !client->response || !client->ring.base) return false;
  client->request_bytes = files->bytes[1];
  client->control = control_of(client->generation, control);
  client->ring.generation = client->generation;
  client->ring.control = client->control;
  client->ring.bytes = files->bytes[3];
  sem_init(client->control.request, 1, 0);
  if (client->control.wake != client->control.request) sem_init(client->control.wake, 1, 0);
  sem_init(client->control.response, 1, 0);
  sem_init(client->control.dispatch, 1, 0);
  return true;
}

// The message; returns its size. What generation 1.2 does not fill in is whatever its stack held.
static size_t compose(void *into, const struct client_options *options,
                      const struct shared_files *files) {
  if (options->generation == GENERATION_1_2) {
    struct setup_1_2 *setup = into;
    memset(setup, 0xA5, sizeof(*setup));
    setup->service = options->service;
    strcpy(setup->control_file, files->path[0]);
    strcpy(setup->request_file, files->path[1]);
    strcpy(setup->response_file, files->path[2]);
    strcpy(setup->dispatch_file, files->path[3]);
    setup->control_bytes = files->bytes[0];
    setup->request_bytes = files->bytes[1];
    setup->response_bytes = files->bytes[2];
    setup->dispatch_bytes = files->bytes[3];
    return sizeof(*setup);
  }
  struct setup_1_4 *setup = into;
  memset(setup, 0, sizeof(*setup));
  setup->service = options->service;
  strcpy(setup->control_file, files->path[0]);
  strcpy(setup->request_file, files->path[1]);
  strcpy(setup->response_file, files->path[2]);
  strcpy(setup->dispatch_file, files->path[3]);
  setup->control_bytes = files->bytes[0];
  setup->request_bytes = files->bytes[1];
  setup->response_bytes = files->bytes[2];
  setup->dispatch_bytes = files->bytes[3];
  return sizeof(*setup);
}

static bool send_all(int fd, const uint8_t *data, size_t bytes) {
  while (bytes > 0) {
    ssize_t sent = send(fd, data, bytes, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    data += sent;
    bytes -= (size_t)sent;
  }
  return true;
}

// The cuts fall within the first word, before the end of the smaller setup, right at it, and, in
// the larger one, in the middle of a path field.
static bool send_setup(int fd, const uint8_t *data, size_t bytes, bool in_pieces) {
  static const size_t cuts[] = {1, 300, 304, 5000};
  size_t done = 0;
  for (size_t i = 0; in_pieces && i < sizeof(cuts) / sizeof(cuts[0]) && cuts[i] < bytes; i++) {
    if (!send_all(fd, data + done, cuts[i] - done)) return false;
    done = cuts[i];
    usleep(30000);
  }
  return send_all(fd, data + done, bytes - done);
}

static int handshake(struct client *client, const struct client_options *options,
                     struct shared_files *files) {
  static union {
    struct setup_1_2 old;
    struct setup_1_4 new;
  } setup;
  if (!make_files(files, options) || !map_files(client, files)) return STATUS_LIBRARY;
  size_t bytes = compose(&setup, options, files);
  if (!send_setup(client->fd, (const uint8_t *)&setup, bytes, options->in_pieces))
    return STATUS_LIBRARY;
  struct setup_answer answer;
  ssize_t got;
  do {
    got = recv(client->fd, &answer, sizeof(answer), MSG_WAITALL);
  } while (got < 0 && errno == EINTR);
  return got == sizeof(answer) ? answer.error : STATUS_LIBRARY;
}

int client_connect(struct client *client, const struct client_options *options) {
  struct sockaddr_un address;
  memset(client, 0, sizeof(*client));
  client->generation = options->generation;
  if (!address_of(options->name, &address)) return STATUS_INVALID_PARAM;
  client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (client->fd < 0) return STATUS_LIBRARY;
  if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
    close(client->fd);
    return STATUS_TRY_AGAIN;
  }
  struct shared_files files;
  int status = handshake(client, options, &files);
  drop_files(&files, status != STATUS_OK);
  if (status != STATUS_OK) close(client->fd);
  return status;
}

void client_disconnect(struct client *client) {
  shutdown(client->fd, SHUT_RDWR);
  close(client->fd);
}
