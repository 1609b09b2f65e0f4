// The floor under a call over a Unix domain socket: both sides block in recv(2). A packet of a
// socket of sequences has to fit into the send buffer, so that there a large payload goes in
// pieces; of a stream whatever is there is taken.
#pragma once

#include <sys/socket.h>

#include <algorithm>

#include "pingpong.h"

namespace pingpong {

template <int kType>
struct UdsExchange {
  static constexpr size_t kPiece = kType == SOCK_STREAM ? kMostPayload : size_t{64} * 1024;

  int ends[2];

  [[nodiscard]] bool make(bool /*one_cpu*/) {
    return socketpair(AF_UNIX, kType | SOCK_CLOEXEC, 0, ends) == 0;
  }

  void call(char* payload, size_t size) {
    send_all(ends[0], payload, size);
    receive_all(ends[0], payload, size);
  }

  void serve(char* payload, size_t size) {
    receive_all(ends[1], payload, size);
    send_all(ends[1], payload, size);
  }

 private:
  static void send_all(int end, const char* payload, size_t size) {
    for (size_t sent = 0; sent < size;) {
      const ssize_t part = send(end, payload + sent, std::min(size - sent, kPiece), MSG_NOSIGNAL);
      if (part <= 0) abort();
      sent += static_cast<size_t>(part);
    }
  }

  static void receive_all(int end, char* payload, size_t size) {
    for (size_t received = 0; received < size;) {
      const ssize_t part = recv(end, payload + received, size - received, 0);
      if (part <= 0) abort();
      received += static_cast<size_t>(part);
    }
  }
};

}  // namespace pingpong
