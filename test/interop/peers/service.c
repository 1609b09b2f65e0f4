// The little service of service.h, as handlers of the C server. Runs in the connection's thread,
// under the server's lock.
#include "service.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

bool service_exists(int32_t service) { return service == SERVICE_LOW || service == SERVICE_HIGH; }

bool service_admits(int32_t service) { return service != SERVICE_FORBIDDEN; }

static void reply(struct connection *connection, int32_t id, int32_t status, const void *body,
                  size_t bytes) {
  struct response_header header = {
      .size = (int32_t)(sizeof(header) + bytes), .id = id, .error = status};
  struct iovec parts[] = {{&header, sizeof(header)}, {(void *)body, bytes}};
  response_send(connection, parts, 2);
}

static void burst(struct connection *connection, uint32_t count, uint32_t size) {
  struct response_header header = {.size = (int32_t)size, .id = COMMAND_BURST, .error = STATUS_OK};
  size_t bytes = size - sizeof(header);
  uint8_t *body = malloc(bytes + 1);
  if (body == NULL) abort();
  for (uint32_t number = 0; number < count; number++) {
    pattern_fill(body, bytes, number);
    if (bytes >= BURST_NUMBER_BYTES) memcpy(body, &number, BURST_NUMBER_BYTES);
    struct iovec parts[] = {{&header, sizeof(header)}, {body, bytes}};
    dispatch_send(connection, parts, 2);
  }
  free(body);
}

void service_handle(struct connection *connection, const struct request_header *request) {
  const uint8_t *body = (const uint8_t *)(request + 1);
  size_t bytes = (size_t)request->size - sizeof(*request);
  int32_t id = request->id;
  uint32_t words[2] = {0, 0};
  memcpy(words, body, bytes < sizeof(words) ? bytes : sizeof(words));
  switch (id) {
    case COMMAND_ECHO:
      reply(connection, id, STATUS_OK, body, bytes);
      return;
    case COMMAND_BURST:
      reply(connection, id, STATUS_OK, NULL, 0);
      burst(connection, words[0], words[1]);
      return;
    case COMMAND_STATUS:
      reply(connection, id, (int32_t)words[0], NULL, 0);
      return;
    case COMMAND_DIE:
      _exit(9);
    case COMMAND_LATE:
      usleep(words[0] * 1000);
      reply(connection, id, STATUS_OK, NULL, 0);
      return;
    case COMMAND_TRY_AGAIN:
      reply(connection, id, STATUS_TRY_AGAIN, NULL, 0);
      return;
    case COMMAND_SUM: {
      uint32_t sums[2] = {(uint32_t)bytes, pattern_sum(body, bytes)};
      reply(connection, id, STATUS_OK, sums, sizeof(sums));
      return;
    }
    default:
      reply(connection, id, STATUS_INVALID_PARAM, NULL, 0);
  }
}
