// The floor under a call between two event loops: a side waits in epoll_wait for its eventfd, reads
// it, and writes the other's. The bytes themselves go through shared memory.
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "pingpong.h"

namespace {

struct Way {
  pingpong::Bytes bytes;
  int bell;
  int epoll;

  [[nodiscard]] bool make() {
    bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_event in{};
    in.events = EPOLLIN;
    return bell >= 0 && epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, bell, &in) == 0;
  }

  void send(const char* payload, size_t size) {
    bytes.put(payload, size);
    const uint64_t one = 1;
    if (write(bell, &one, sizeof one) != sizeof one) abort();
  }

  void receive(char* payload, size_t size) {
    epoll_event ready{};
    while (epoll_wait(epoll, &ready, 1, -1) != 1) {
    }
    uint64_t count = 0;
    if (read(bell, &count, sizeof count) != sizeof count) abort();
    bytes.take(payload, size);
  }
};

struct Exchange {
  Way there;
  Way back;

  [[nodiscard]] bool make(bool /*one_cpu*/) { return there.make() && back.make(); }

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
