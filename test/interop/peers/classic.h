// The classic wire as a C program sees it: what lies at which byte in the handshake, in the
// control buffer and before each message, for the two generations that matter. "1.2" speaks a
// setup of 304 bytes, "1.4" one of 16432. Nothing here does anything; every offset is asserted.
//
// These programs are the other party of the interop tests. They use glibc's own sem_t, blocking
// waits and one thread a connection, as C programs on this wire do, and share no code with the
// library under test: a mistake would have to be made twice to go unseen.
#ifndef COROIPC_INTEROP_CLASSIC_H
#define COROIPC_INTEROP_CLASSIC_H

#include <semaphore.h>
#include <stddef.h>
#include <stdint.h>

enum generation { GENERATION_1_2, GENERATION_1_4 };

// The statuses that these programs send or expect.
enum status {
  STATUS_OK = 1,
  STATUS_LIBRARY = 2,
  STATUS_TRY_AGAIN = 6,
  STATUS_INVALID_PARAM = 7,
  STATUS_NOT_EXIST = 12,
  STATUS_TOO_BIG = 26,
  STATUS_IN_SHUTDOWN = 31,
  STATUS_SECURITY = 100,
};

// The events after the setup, one byte each.
enum event {
  EVENT_DISPATCH = 0,
  EVENT_DISPATCH_MORE = 1,
  EVENT_QUEUEING = 2,
  EVENT_QUEUE_EMPTY = 3,
  EVENT_CHANGE_EUID = 1,
  EVENT_FLUSH = 2,
};

#define ADDRESS_BYTES 110
#define CONTROL_BYTES 8192

struct setup_1_2 {
  int32_t service;
  uint64_t semkey;
  char control_file[64];
  char request_file[64];
  char response_file[64];
  char dispatch_file[64];
  uint64_t control_bytes;
  uint64_t request_bytes;
  uint64_t response_bytes;
  uint64_t dispatch_bytes;
};
_Static_assert(offsetof(struct setup_1_2, semkey) == 8, "semkey");
_Static_assert(offsetof(struct setup_1_2, control_file) == 16, "control_file");
_Static_assert(offsetof(struct setup_1_2, request_file) == 80, "request_file");
_Static_assert(offsetof(struct setup_1_2, response_file) == 144, "response_file");
_Static_assert(offsetof(struct setup_1_2, dispatch_file) == 208, "dispatch_file");
_Static_assert(offsetof(struct setup_1_2, control_bytes) == 272, "control_bytes");
_Static_assert(offsetof(struct setup_1_2, request_bytes) == 280, "request_bytes");
_Static_assert(offsetof(struct setup_1_2, response_bytes) == 288, "response_bytes");
_Static_assert(offsetof(struct setup_1_2, dispatch_bytes) == 296, "dispatch_bytes");
_Static_assert(sizeof(struct setup_1_2) == 304, "setup of 1.2");

struct setup_1_4 {
  int32_t service;
  uint64_t semkey;
  char control_file[4096];
  char request_file[4096];
  char response_file[4096];
  char dispatch_file[4096];
  uint64_t control_bytes;
  uint64_t request_bytes;
  uint64_t response_bytes;
  uint64_t dispatch_bytes;
};
_Static_assert(offsetof(struct setup_1_4, semkey) == 8, "semkey");
_Static_assert(offsetof(struct setup_1_4, control_file) == 16, "control_file");
_Static_assert(offsetof(struct setup_1_4, request_file) == 4112, "request_file");
_Static_assert(offsetof(struct setup_1_4, response_file) == 8208, "response_file");
_Static_assert(offsetof(struct setup_1_4, dispatch_file) == 12304, "dispatch_file");
_Static_assert(offsetof(struct setup_1_4, control_bytes) == 16400, "control_bytes");
_Static_assert(offsetof(struct setup_1_4, request_bytes) == 16408, "request_bytes");
_Static_assert(offsetof(struct setup_1_4, response_bytes) == 16416, "response_bytes");
_Static_assert(offsetof(struct setup_1_4, dispatch_bytes) == 16424, "dispatch_bytes");
_Static_assert(sizeof(struct setup_1_4) == 16432, "setup of 1.4");

struct setup_answer {
  int32_t error;
  int32_t padding;
};
_Static_assert(sizeof(struct setup_answer) == 8, "setup answer");

_Static_assert(sizeof(sem_t) == 32, "this wire is for 64-bit glibc");

struct control_1_2 {
  uint32_t read;
  uint32_t write;
  sem_t request;
  sem_t response;
  sem_t dispatch;
};
_Static_assert(offsetof(struct control_1_2, write) == 4, "write");
_Static_assert(offsetof(struct control_1_2, request) == 8, "request");
_Static_assert(offsetof(struct control_1_2, response) == 40, "response");
_Static_assert(offsetof(struct control_1_2, dispatch) == 72, "dispatch");
_Static_assert(sizeof(struct control_1_2) == 104, "control of 1.2");

struct control_1_4 {
  uint32_t read;
  uint32_t write;
  int32_t flow_control;
  sem_t wake;
  sem_t dispatch;
  sem_t request;
  sem_t response;
  int32_t closed;
};
_Static_assert(offsetof(struct control_1_4, write) == 4, "write");
_Static_assert(offsetof(struct control_1_4, flow_control) == 8, "flow_control");
_Static_assert(offsetof(struct control_1_4, wake) == 16, "wake");
_Static_assert(offsetof(struct control_1_4, dispatch) == 48, "dispatch");
_Static_assert(offsetof(struct control_1_4, request) == 80, "request");
_Static_assert(offsetof(struct control_1_4, response) == 112, "response");
_Static_assert(offsetof(struct control_1_4, closed) == 144, "closed");
_Static_assert(sizeof(struct control_1_4) == 152, "control of 1.4");

// Each member of a header stands on 8 bytes, whatever its own size.
struct request_header {
  _Alignas(8) int32_t size;
  _Alignas(8) int32_t id;
};
_Static_assert(offsetof(struct request_header, id) == 8, "id");
_Static_assert(sizeof(struct request_header) == 16, "request header");

struct response_header {
  _Alignas(8) int32_t size;
  _Alignas(8) int32_t id;
  _Alignas(8) int32_t error;
};
_Static_assert(offsetof(struct response_header, id) == 8, "id");
_Static_assert(offsetof(struct response_header, error) == 16, "error");
_Static_assert(sizeof(struct response_header) == 24, "response header");

// Zero-copy: three reserved command ids, and the words before the message in the shared file.
#define ZERO_COPY_ALLOC ((int32_t)0xFFFFFFFF)
#define ZERO_COPY_FREE ((int32_t)0xFFFFFFFE)
#define ZERO_COPY_EXECUTE ((int32_t)0xFFFFFFFD)

struct zero_copy_header {
  int32_t map_bytes;
  uint64_t server_address;
};
_Static_assert(offsetof(struct zero_copy_header, server_address) == 8, "server_address");
_Static_assert(sizeof(struct zero_copy_header) == 16, "zero-copy header");

struct zero_copy_alloc {
  struct request_header header;
  uint64_t map_bytes;
  char file[128];
};
_Static_assert(offsetof(struct zero_copy_alloc, file) == 24, "file");
_Static_assert(sizeof(struct zero_copy_alloc) == 152, "alloc");

struct zero_copy_free {
  struct request_header header;
  uint64_t map_bytes;
  uint64_t server_address;
};
_Static_assert(offsetof(struct zero_copy_free, server_address) == 24, "server_address");
_Static_assert(sizeof(struct zero_copy_free) == 32, "free");

struct zero_copy_execute {
  struct request_header header;
  uint64_t server_address;
};
_Static_assert(offsetof(struct zero_copy_execute, server_address) == 16, "server_address");
_Static_assert(sizeof(struct zero_copy_execute) == 24, "execute");

#endif
