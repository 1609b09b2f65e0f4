// The floor under a call that sleeps: two processes, two process-shared sem_t in shared memory, and
// 64 bytes that go there and back. Prints one line of JSON.
//
//   sem_pingpong WARM ROUNDS
#define _GNU_SOURCE
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kPayload = 64 };

struct Shared {
  sem_t request;
  sem_t response;
  char there[kPayload];
  char back[kPayload];
};

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void take(sem_t* semaphore) {
  while (sem_wait(semaphore) != 0) {
  }
}

static void serve(struct Shared* shared, long count) {
  char copy[kPayload];
  for (long i = 0; i < count; ++i) {
    take(&shared->request);
    memcpy(copy, shared->there, kPayload);
    memcpy(shared->back, copy, kPayload);
    sem_post(&shared->response);
  }
}

static uint64_t call(struct Shared* shared) {
  char payload[kPayload];
  memset(payload, 7, kPayload);
  const uint64_t start = now_ns();
  memcpy(shared->there, payload, kPayload);
  sem_post(&shared->request);
  take(&shared->response);
  memcpy(payload, shared->back, kPayload);
  return now_ns() - start;
}

static int ascending(const void* a, const void* b) {
  const uint64_t x = *(const uint64_t*)a;
  const uint64_t y = *(const uint64_t*)b;
  return (x > y) - (x < y);
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const long warm = atol(argv[1]);
  const long rounds = atol(argv[2]);
  if (warm < 0 || rounds < 1) return 2;

  struct Shared* shared =
      mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  uint64_t* times = calloc((size_t)rounds, sizeof(*times));
  if (shared == MAP_FAILED || times == NULL) return 1;
  if (sem_init(&shared->request, 1, 0) != 0 || sem_init(&shared->response, 1, 0) != 0) return 1;

  const pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve(shared, warm + rounds);
    _exit(0);
  }
  for (long i = 0; i < warm; ++i) call(shared);
  for (long i = 0; i < rounds; ++i) times[i] = call(shared);
  waitpid(child, NULL, 0);

  qsort(times, (size_t)rounds, sizeof(*times), ascending);
  printf("{\"p50Us\": %.3f, \"p99Us\": %.3f}\n", (double)times[rounds / 2] / 1000,
         (double)times[rounds * 99 / 100] / 1000);
  return 0;
}
