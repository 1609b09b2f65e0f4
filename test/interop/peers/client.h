// A client of the classic wire that behaves, step by step, as the C client library of its
// generation: temporary files in /dev/shm, semaphores shared between processes, blocking waits.
// Every function is for the one thread of the process, and returns a status.
#ifndef COROIPC_INTEROP_CLIENT_H
#define COROIPC_INTEROP_CLIENT_H

#include "channel.h"

struct client_options {
  const char *name;
  enum generation generation;
  int32_t service;
  size_t request_bytes;
  size_t response_bytes;
  size_t dispatch_bytes;
  bool in_pieces;  // send the setup in several writes, with pauses
};

struct client {
  enum generation generation;
  int fd;
  struct control control;
  uint8_t *request;
  size_t request_bytes;
  uint8_t *response;
  struct ring ring;
  bool flow_control;  // generation 1.2: what the last event byte said
};

// Connects. Any status but OK is the server's, or TRY_AGAIN when nobody listens, or LIBRARY when
// the failure is here; no file is left behind by any of them.
int client_connect(struct client *client, const struct client_options *options);
void client_disconnect(struct client *client);

// One call: `header` and `body` make the request; the first `answer_bytes` bytes of the answer
// are copied, whatever its size.
int client_call(struct client *client, int32_t id, const void *body, size_t body_bytes,
                void *answer, size_t answer_bytes);
// Sends nothing: waits for the answer of a request that lies in the request buffer already.
int client_await(struct client *client, void *answer, size_t answer_bytes);

// The next dispatch message where it lies in the ring, until client_put: a response header, at any
// address in generation 1.2, and a body. TRY_AGAIN: none within the time, or (1.2) an event
// without a message.
int client_get(struct client *client, const uint8_t **message, int timeout_ms);
int client_put(struct client *client);
// Asks the server to move queued messages to the ring; client_get does so by itself.
int client_ask_for_flush(struct client *client);
bool client_flow_control(const struct client *client);

// Zero-copy buffers. `message` is a request header and what follows it.
int client_zcb_alloc(struct client *client, size_t bytes, struct request_header **message);
int client_zcb_call(struct client *client, struct request_header *message, void *answer,
                    size_t answer_bytes);
int client_zcb_free(struct client *client, struct request_header *message);

// For the files of the client only. Waits as the generation does; LIBRARY when the server went.
int client_wait(struct client *client, sem_t *semaphore);
// Whether the server said, in shared memory, that it has closed this connection (1.4).
bool client_told_closed(const struct client *client);

// A new file of `bytes` bytes; `path` gets its name. -1 when it cannot be made.
int shared_file(enum generation generation, const char *prefix, size_t bytes, char path[64]);

#endif
