// The life of a peer's program: two processes for one measurement. The server says when it is
// ready, is ended by SIGTERM, and takes away what it made; only then the program ends.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "../../floor/sides.h"
#include "options.h"

namespace bench {

// Written by the server once callers may connect.
class Ready {
 public:
  explicit Ready(int end) : end_(end) {}

  void tell() const {
    const char word = 'r';
    if (write(end_, &word, 1) != 1) perror("write");
  }

 private:
  int end_;
};

// Ends the server and says whether it ended as it should.
[[nodiscard]] inline bool end_server(pid_t server) {
  constexpr int kTries = 500;
  kill(server, SIGTERM);
  int status = 0;
  for (int tries = 0; waitpid(server, &status, WNOHANG) == 0; ++tries) {
    if (tries == kTries) {
      fprintf(stderr, "the server does not end\n");
      kill(server, SIGKILL);
      waitpid(server, &status, 0);
      return false;
    }
    sleep_until(now_ns() + 10'000'000);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  fprintf(stderr, "the server ended with status %d\n", status);
  return false;
}

// `serve(options, ready)` serves until SIGTERM; `call(options, meter)` measures and prints. Both
// say whether they could. The program's exit code.
template <class Serve, class Call>
[[nodiscard]] int run_two_sides(const Options& options, const Serve& serve, const Call& call) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) return perror("pipe"), 1;
  const pid_t caller = getpid();
  const pid_t server = fork();
  if (server < 0) return perror("fork"), 1;
  if (server == 0) {
    close(pipe_ends[0]);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    const bool right = getppid() == caller && pin(options.server_cpu);
    return right && serve(options, Ready(pipe_ends[1])) ? 0 : 1;
  }
  close(pipe_ends[1]);
  char word = 0;
  const bool ready = read(pipe_ends[0], &word, 1) == 1;
  if (!ready) fprintf(stderr, "the server did not become ready\n");
  Meter meter;
  const bool pinned = ready && pin(options.caller_cpu) && meter.watch(server);
  sleep_exactly();
  const bool measured = pinned && call(options, meter);
  return end_server(server) && measured ? 0 : 1;
}

}  // namespace bench
