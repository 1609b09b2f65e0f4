// A server of the classic wire that behaves, step by step, as the C server library of its
// generation: the poll thread (main) accepts, sets up, hears event bytes and hang-ups; each
// connection has a thread of its own that sleeps on the wake semaphore and serves requests.
//
// Who may touch what: `state` and the socket's input are the poll thread's, but the connection's
// thread reads `state`; the ring's write index, the queue and what is owed to the socket are
// guarded by `mutex`; the request and response slots belong to the connection's thread.
#ifndef COROIPC_INTEROP_SERVER_H
#define COROIPC_INTEROP_SERVER_H

#include <pthread.h>
#include <sys/uio.h>

#include "channel.h"

enum state { STATE_SETUP, STATE_ACTIVE, STATE_EXIT, STATE_REFUSED };

// A dispatch message that waits for room in the ring: one piece, whatever its parts were.
struct queued {
  struct queued *next;
  size_t bytes;
  uint8_t message[];
};

struct zero_copy_buffer {
  struct zero_copy_buffer *next;
  uint8_t *base;
  size_t bytes;
};

struct connection {
  enum generation generation;
  int fd;
  int map_pause_ms;  // before each file of a setup is opened
  int wake_poll_fd;  // tells the poll thread to look at `want_out` again
  _Atomic enum state state;
  bool credentials;

  union {
    struct setup_1_2 old;
    struct setup_1_4 new;
    uint8_t bytes[sizeof(struct setup_1_4)];
  } setup;
  size_t setup_got;

  int32_t service;
  void *control_base;
  struct control control;
  uint8_t *request;
  size_t request_bytes;
  uint8_t *response;
  size_t response_bytes;
  struct ring ring;
  struct zero_copy_buffer *zero_copy;
  pthread_t thread;

  pthread_mutex_t mutex;
  struct queued *first, **last;
  size_t owed_events;       // event bytes the full socket did not take
  bool owes_queueing_byte;  // 1.2: EVENT_QUEUEING is still to be sent
  bool want_out;
};

// setup.c, poll thread ---------------------------------------------------------------------------

// Reads what has come of the setup; answers, maps and starts the thread once all is there.
// False: the peer hung up.
bool setup_receive(struct connection *connection);
void setup_release(struct connection *connection);

// thread.c ---------------------------------------------------------------------------------------

void *connection_thread(void *connection);
// The answer to the request in hand: its parts one after the other, then the semaphore.
void response_send(struct connection *connection, const struct iovec *parts, int count);

// zero_copy.c, connection's thread ---------------------------------------------------------------

// Serves a zero-copy command; false when the request is none of them.
bool zero_copy_serve(struct connection *connection, const struct request_header *request);
void zero_copy_release(struct connection *connection);

// dispatch.c -------------------------------------------------------------------------------------

// Sends a message or queues it.
void dispatch_send(struct connection *connection, const struct iovec *parts, int count);
// Moves what fits from the queue to the ring. 1.2: poll thread, asked by a byte. 1.4: the
// connection's thread, whenever it is woken.
void dispatch_flush(struct connection *connection);
// Sends the event bytes that are owed; poll thread, on POLLOUT.
void dispatch_pay(struct connection *connection);
void dispatch_release(struct connection *connection);

// service.c --------------------------------------------------------------------------------------

bool service_exists(int32_t service);
bool service_admits(int32_t service);
// Handles one request; no length comes with it, as for a handler of the C library.
void service_handle(struct connection *connection, const struct request_header *request);

#endif
