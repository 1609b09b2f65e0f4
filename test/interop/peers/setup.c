// The server's half of the handshake: credentials, refusals, the four files.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server.h"

static void answer(struct connection *connection, int32_t status) {
  // 1.2 sends whatever lay on its stack behind the status.
  struct setup_answer message = {
      .error = status, .padding = connection->generation == GENERATION_1_2 ? 0x5A5A5A5A : 0};
  if (send(connection->fd, &message, sizeof(message), MSG_NOSIGNAL) != sizeof(message))
    connection->state = STATE_REFUSED;
}

// The peer is told, and its socket kept until it hangs up.
static void refuse(struct connection *connection, int32_t status) {
  connection->state = STATE_REFUSED;
  answer(connection, status);
}

static void *take_file(const struct connection *connection, const char *path, size_t bytes,
                       bool twice) {
  usleep((useconds_t)connection->map_pause_ms * 1000);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  unlink(path);
  if (fd < 0) return NULL;
  void *base = NULL;
  if (ftruncate(fd, (off_t)bytes) == 0) base = twice ? map_twice(fd, bytes) : map_once(fd, bytes);
  close(fd);
  return base;
}

// The setup's members under one name for both generations.
struct setup_view {
  const char *file[4];
  size_t bytes[4];
};

static struct setup_view view(const struct connection *connection) {
  if (connection->generation == GENERATION_1_2) {
    const struct setup_1_2 *setup = &connection->setup.old;
    return (struct setup_view){
        {setup->control_file, setup->request_file, setup->response_file, setup->dispatch_file},
        {setup->control_bytes, setup->request_bytes, setup->response_bytes, setup->dispatch_bytes}};
  }
  const struct setup_1_4 *setup = &connection->setup.new;
  return (struct setup_view){
      {setup->control_file, setup->request_file, setup->response_file, setup->dispatch_file},
      {setup->control_bytes, setup->request_bytes, setup->response_bytes, setup->dispatch_bytes}};
}

static bool map(struct connection *connection) {
  struct setup_view setup = view(connection);
  void *control = take_file(connection, setup.file[0], setup.bytes[0], false);
  connection->request = take_file(connection, setup.file[1], setup.bytes[1], false);
  connection->response = take_file(connection, setup.file[2], setup.bytes[2], false);
  connection->ring.base = take_file(connection, setup.file[3], setup.bytes[3], true);
  connection->control_base = control;
  connection->request_bytes = setup.bytes[1];
  connection->response_bytes = setup.bytes[2];
  connection->ring.bytes = setup.bytes[3];
  if (!control || !connection->request || !connection->response || !connection->ring.base)
    return false;
  connection->control = control_of(connection->generation, control);
  connection->ring.generation = connection->generation;
  connection->ring.control = connection->control;
  return true;
}

void setup_release(struct connection *connection) {
  if (connection->control_base) munmap(connection->control_base, CONTROL_BYTES);
  if (connection->request) munmap(connection->request, connection->request_bytes);
  if (connection->response) munmap(connection->response, connection->response_bytes);
  if (connection->ring.base) munmap(connection->ring.base, 2 * connection->ring.bytes);
}

// 1.2 says OK before it maps anything, 1.4 when all is mapped.
static void serve(struct connection *connection) {
  connection->service = connection->setup.old.service;
  if (!connection->credentials || !service_admits(connection->service)) {
    refuse(connection, STATUS_SECURITY);
    return;
  }
  if (!service_exists(connection->service)) {
    refuse(connection, STATUS_NOT_EXIST);
    return;
  }
  if (connection->generation == GENERATION_1_2) answer(connection, STATUS_OK);
  if (!map(connection)) {
    connection->state = STATE_REFUSED;
    if (connection->generation == GENERATION_1_4) answer(connection, STATUS_LIBRARY);
    return;
  }
  if (connection->generation == GENERATION_1_4) answer(connection, STATUS_OK);
  connection->state = STATE_ACTIVE;
  if (pthread_create(&connection->thread, NULL, connection_thread, connection) != 0)
    connection->state = STATE_REFUSED;
}

static void note_credentials(struct connection *connection, struct msghdr *message) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_CREDENTIALS)
      connection->credentials = true;
  }
}

bool setup_receive(struct connection *connection) {
  char space[CMSG_SPACE(sizeof(struct ucred))];
  size_t whole = connection->generation == GENERATION_1_2 ? sizeof(struct setup_1_2)
                                                          : sizeof(struct setup_1_4);
  struct iovec rest = {connection->setup.bytes + connection->setup_got,
                       whole - connection->setup_got};
  struct msghdr message = {
      .msg_iov = &rest, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
  ssize_t got = recvmsg(connection->fd, &message, MSG_NOSIGNAL);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  note_credentials(connection, &message);
  connection->setup_got += (size_t)got;
  if (connection->setup_got < whole) return true;
  int off = 0;
  setsockopt(connection->fd, SOL_SOCKET, SO_PASSCRED, &off, sizeof(off));
  serve(connection);
  return true;
}
