// A ZeroMQ context and its sockets, as both sides use them. The endpoint lies in the abstract
// namespace of Unix domain sockets, where nothing stays behind. What fails is told by false, and
// errno.
#pragma once

#include <unistd.h>
#include <zmq.h>

#include <cerrno>
#include <cstdio>
#include <string>

namespace zmq_c {

// On a schedule, one who is late may have so many under way: as many as a queue holds.
inline constexpr int kPacedInFlight = 1000;

[[nodiscard]] inline std::string endpoint_of(pid_t caller) {
  return "ipc://@coroipc-bench-" + std::to_string(caller);
}

class Socket {
 public:
  Socket(void* context, int type) : socket_(zmq_socket(context, type)) { set(ZMQ_LINGER, 0); }
  ~Socket() { zmq_close(socket_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void set(int option, int value) { zmq_setsockopt(socket_, option, &value, sizeof value); }

  [[nodiscard]] bool bind(const std::string& endpoint) {
    return zmq_bind(socket_, endpoint.c_str()) == 0;
  }
  [[nodiscard]] bool connect(const std::string& endpoint) {
    return zmq_connect(socket_, endpoint.c_str()) == 0;
  }

  [[nodiscard]] bool send(const void* bytes, size_t size, int flags = 0) {
    return zmq_send(socket_, bytes, size, flags) == static_cast<int>(size);
  }

  [[nodiscard]] void* get() const { return socket_; }

 private:
  void* socket_;
};

// One message, used over and over: what comes is looked at, or sent on, where it lies.
class Message {
 public:
  Message() { zmq_msg_init(&message_); }
  ~Message() { zmq_msg_close(&message_); }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  [[nodiscard]] bool receive(Socket& socket, int flags = 0) {
    return zmq_msg_recv(&message_, socket.get(), flags) >= 0;
  }
  [[nodiscard]] bool send(Socket& socket, int flags = 0) {
    return zmq_msg_send(&message_, socket.get(), flags) >= 0;
  }

  [[nodiscard]] const char* bytes() { return static_cast<const char*>(zmq_msg_data(&message_)); }
  [[nodiscard]] size_t size() const { return zmq_msg_size(&message_); }

 private:
  zmq_msg_t message_;
};

}  // namespace zmq_c
