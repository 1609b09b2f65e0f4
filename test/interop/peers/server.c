// classic_server NAME 1.2|1.4 [MAP_PAUSE_MS]: serves until it is killed. Prints "ready" when it
// listens, and "connected N" and "disconnected N" with the number of connections left.
//
// This file is the poll thread: it accepts, looks at every socket, and takes connections down.
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#define CONNECTIONS 256
#define BACKLOG 5

static struct connection *connections[CONNECTIONS];
static int connection_count;
static int wake_poll_fd;
static int map_pause_ms;

static void pass_credentials(int fd) {
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

static int listen_on(const char *name, enum generation generation) {
  struct sockaddr_un address;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || !address_of(name, &address)) return -1;
  if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) return -1;
  // 1.4 closes the gap between accept and setsockopt by setting it here too.
  if (generation == GENERATION_1_4) pass_credentials(fd);
  return listen(fd, BACKLOG) == 0 ? fd : -1;
}

static void accept_one(int listener, enum generation generation) {
  int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  pass_credentials(fd);
  struct connection *connection = calloc(1, sizeof(*connection));
  if (connection == NULL || connection_count == CONNECTIONS) abort();
  connection->generation = generation;
  connection->fd = fd;
  connection->wake_poll_fd = wake_poll_fd;
  connection->map_pause_ms = map_pause_ms;
  // With 1.2 a setup can slip in before credentials are asked for, and is taken without.
  connection->credentials = generation == GENERATION_1_2;
  connection->last = &connection->first;
  pthread_mutex_init(&connection->mutex, NULL);
  connections[connection_count++] = connection;
}

static void report(const char *what) {
  int active = 0;
  for (int i = 0; i < connection_count; i++) active += connections[i]->state == STATE_ACTIVE;
  printf("%s %d\n", what, active);
  fflush(stdout);
}

// The peer is gone. The thread is woken to see it; then all that was shared is given back.
static void take_down(int index) {
  struct connection *connection = connections[index];
  bool was_active = connection->state == STATE_ACTIVE;
  connections[index] = connections[--connection_count];
  if (was_active) {
    connection->state = STATE_EXIT;
    sem_post(connection->control.wake);
    pthread_join(connection->thread, NULL);
    if (connection->generation == GENERATION_1_4) {
      *(volatile int32_t *)connection->control.closed = 1;
      sem_post(connection->control.response);
      sem_post(connection->control.dispatch);
    }
  }
  dispatch_release(connection);
  zero_copy_release(connection);
  setup_release(connection);
  close(connection->fd);
  pthread_mutex_destroy(&connection->mutex);
  free(connection);
  if (was_active) report("disconnected");
}

// One event byte from the client. False: it hung up.
static bool hear(struct connection *connection) {
  uint8_t event;
  uint8_t credentials[16];
  ssize_t got = recv(connection->fd, &event, 1, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  if (event == EVENT_CHANGE_EUID) {
    got = recv(connection->fd, credentials, sizeof(credentials), 0);
  } else if (event == EVENT_FLUSH && connection->generation == GENERATION_1_2) {
    dispatch_flush(connection);
  }
  return true;
}

// False: take it down.
static bool look_at(struct connection *connection, short revents) {
  if ((revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return false;
  if ((revents & POLLOUT) != 0) dispatch_pay(connection);
  if ((revents & POLLIN) == 0) return true;
  if (connection->state == STATE_ACTIVE) return hear(connection);
  bool open = setup_receive(connection);
  if (connection->state == STATE_ACTIVE) report("connected");
  return open;
}

static void poll_once(int listener, enum generation generation) {
  struct pollfd watched[CONNECTIONS + 2];
  int count = connection_count;
  watched[CONNECTIONS] = (struct pollfd){.fd = listener, .events = POLLIN};
  watched[CONNECTIONS + 1] = (struct pollfd){.fd = wake_poll_fd, .events = POLLIN};
  for (int i = 0; i < CONNECTIONS; i++) {
    watched[i] = (struct pollfd){.fd = -1};
    if (i >= count) continue;
    pthread_mutex_lock(&connections[i]->mutex);
    bool want_out = connections[i]->want_out;
    pthread_mutex_unlock(&connections[i]->mutex);
    watched[i] = (struct pollfd){.fd = connections[i]->fd,
                                 .events = (short)(want_out ? POLLIN | POLLOUT : POLLIN)};
  }
  if (poll(watched, CONNECTIONS + 2, -1) < 0) return;
  uint64_t woken;
  if (watched[CONNECTIONS + 1].revents != 0 && read(wake_poll_fd, &woken, sizeof(woken)) < 0)
    return;
  // From the last to the first: one that is taken down is replaced by one already looked at.
  for (int i = count - 1; i >= 0; i--) {
    if (watched[i].revents != 0 && !look_at(connections[i], watched[i].revents)) take_down(i);
  }
  if (watched[CONNECTIONS].revents != 0) accept_one(listener, generation);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: classic_server NAME 1.2|1.4 [MAP_PAUSE_MS]\n");
    return 2;
  }
  enum generation generation = strcmp(argv[2], "1.2") == 0 ? GENERATION_1_2 : GENERATION_1_4;
  if (argc > 3) map_pause_ms = atoi(argv[3]);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  wake_poll_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  int listener = listen_on(argv[1], generation);
  if (listener < 0 || wake_poll_fd < 0) {
    perror("classic_server");
    return 1;
  }
  printf("ready\n");
  fflush(stdout);
  for (;;) poll_once(listener, generation);
}
