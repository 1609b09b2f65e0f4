// The ZeroMQ server. A loop for each kind of socket; each ends when the context is shut down.
#pragma once

#include <signal.h>

#include <string>
#include <thread>
#include <vector>

#include "../shared/stream.h"
#include "../shared/two_sides.h"
#include "endpoint.h"

namespace zmq_c {

// REP, which libzmq's own latency test has: what came is sent back as it is.
inline bool serve_calls(Socket& socket) {
  Message message;
  while (message.receive(socket) && message.send(socket)) {
  }
  return errno == ETERM;
}

// ROUTER: the first frame says who asks.
inline bool serve_pipeline(Socket& socket) {
  Message who;
  Message request;
  while (who.receive(socket) && request.receive(socket)) {
    if (!who.send(socket, ZMQ_SNDMORE) || !request.send(socket)) break;
  }
  return errno == ETERM;
}

// PUSH blocks where the other side has no room, and so does XPUB if it is told not to drop. Of an
// XPUB every subscription is heard; nothing is sent before all are there.
inline bool publish(Socket& socket, const bench::Options& options) {
  Message subscription;
  const int wanted = options.measure == "fanOut" ? options.subscribers : 0;
  for (int seen = 0; seen < wanted; ++seen) {
    if (!subscription.receive(socket)) return errno == ETERM;
  }
  std::vector<char> message(options.payload, bench::kFill);
  for (uint64_t number = 0;; ++number) {
    bench::number_message(message.data(), number);
    if (!socket.send(message.data(), message.size())) return errno == ETERM;
  }
}

inline bool serve_in(void* context, const std::string& endpoint, const bench::Options& options,
                     const bench::Ready& ready) {
  const int type = options.measure == "dispatch" ? ZMQ_PUSH
                   : options.measure == "fanOut" ? ZMQ_XPUB
                   : bench::is_call(options)     ? ZMQ_REP
                                                 : ZMQ_ROUTER;
  Socket socket(context, type);
  if (type == ZMQ_XPUB) {
    socket.set(ZMQ_XPUB_NODROP, 1);
    socket.set(ZMQ_XPUB_VERBOSE, 1);
  }
  if (!socket.bind(endpoint)) return perror("zmq_bind"), false;
  ready.tell();
  if (type == ZMQ_REP) return serve_calls(socket);
  if (type == ZMQ_ROUTER) return serve_pipeline(socket);
  return publish(socket, options);
}

// SIGTERM is waited for in a thread of its own: shutting a context down ends every call on its
// sockets.
inline bool serve(const std::string& endpoint, const bench::Options& options,
                  const bench::Ready& ready) {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, nullptr);
  void* context = zmq_ctx_new();
  std::thread ender([&] {
    int signal = 0;
    sigwait(&term, &signal);
    zmq_ctx_shutdown(context);
  });
  const bool served = serve_in(context, endpoint, options, ready);
  if (!served) kill(getpid(), SIGTERM);
  ender.join();
  zmq_ctx_term(context);
  return served;
}

}  // namespace zmq_c
