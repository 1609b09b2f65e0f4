// The floor under a call that sleeps: two process-shared sem_t. Who waits, sleeps.
#include <semaphore.h>

#include "pingpong.h"

namespace {

struct Way {
  alignas(64) sem_t semaphore;
  alignas(64) char payload[pingpong::kPayload];

  void post() { sem_post(&semaphore); }

  void wait() {
    while (sem_wait(&semaphore) != 0) {
    }
  }
};

struct Exchange {
  Way there;
  Way back;

  [[nodiscard]] bool make() {
    return sem_init(&there.semaphore, 1, 0) == 0 && sem_init(&back.semaphore, 1, 0) == 0;
  }

  void call(char* payload) {
    memcpy(there.payload, payload, pingpong::kPayload);
    there.post();
    back.wait();
    memcpy(payload, back.payload, pingpong::kPayload);
  }

  void serve() {
    char copy[pingpong::kPayload];
    there.wait();
    memcpy(copy, there.payload, pingpong::kPayload);
    memcpy(back.payload, copy, pingpong::kPayload);
    back.post();
  }
};

}  // namespace

int main(int argc, char** argv) { return pingpong::run<Exchange>(argc, argv); }
