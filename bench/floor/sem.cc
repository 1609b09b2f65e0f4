// The floor under a call that sleeps: two process-shared sem_t. Who waits, sleeps.
#include <semaphore.h>

#include "pingpong.h"

namespace {

struct Way {
  alignas(64) sem_t semaphore;
  pingpong::Bytes bytes;

  void send(const char* payload, size_t size) {
    bytes.put(payload, size);
    sem_post(&semaphore);
  }

  void receive(char* payload, size_t size) {
    while (sem_wait(&semaphore) != 0) {
    }
    bytes.take(payload, size);
  }
};

struct Exchange {
  Way there;
  Way back;

  [[nodiscard]] bool make(bool /*one_cpu*/) {
    return sem_init(&there.semaphore, 1, 0) == 0 && sem_init(&back.semaphore, 1, 0) == 0;
  }

  void call(char* payload, size_t size) {
    there.send(payload, size);
    back.receive(payload, size);
  }

  void serve(char* payload, size_t size) {
    there.receive(payload, size);
    back.send(payload, size);
  }
};

}  // namespace

int main(int argc, char** argv) { return pingpong::run<Exchange>(argc, argv); }
