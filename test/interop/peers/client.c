// classic_client [flags] NAME GENERATION SCENARIO [ARGS]: connects, plays one scenario, prints one
// line of JSON, and ends with 0 if all was as it has to be, 1 if not.
//
//   echo SIZE COUNT          calls with bodies of SIZE bytes that come back
//   sum SIZE COUNT           calls with bodies of SIZE bytes that come back as length and sum
//   burst COUNT SIZE [THINK] asks for a burst and reads it, THINK microseconds a message
//   both ROUNDS SIZE         calls between dispatch messages
//   zcb SIZE                 zero-copy echo of SIZE bytes, and its release
//   refused                  the status the server gives to the setup
//   status NUMBER            the status of an answer · try-again · late MS · die
//   trace                    the event bytes of 12 messages of 500 bytes; needs --dispatch 4096
//   overflow SIZE            the status of an echo whose answer is too large for --response
//   leave                    nothing: connects and disconnects
//   exit                     one call, then the process ends without a word
//   kill COUNT SIZE          the process is killed in the middle of a burst
//   in-pieces                the setup in several writes, then a call
//
// Flags: --service N, --request BYTES, --response BYTES, --dispatch BYTES (1 MiB each),
// --reader get|fd (wait within the library's get, or in poll and then get), --stall MS.
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "scenario.h"

static int usage(void) {
  fprintf(stderr, "usage: classic_client [flags] NAME 1.2|1.4 SCENARIO [ARGS]\n");
  return 2;
}

static void read_flags(int argc, char **argv, struct play *play) {
  static const struct option flags[] = {{"service", required_argument, NULL, 's'},
                                        {"request", required_argument, NULL, 'q'},
                                        {"response", required_argument, NULL, 'a'},
                                        {"dispatch", required_argument, NULL, 'd'},
                                        {"reader", required_argument, NULL, 'r'},
                                        {"stall", required_argument, NULL, 't'},
                                        {NULL, 0, NULL, 0}};
  int flag;
  while ((flag = getopt_long(argc, argv, "+", flags, NULL)) != -1) {
    if (flag == 's') play->options.service = atoi(optarg);
    if (flag == 'q') play->options.request_bytes = strtoul(optarg, NULL, 10);
    if (flag == 'a') play->options.response_bytes = strtoul(optarg, NULL, 10);
    if (flag == 'd') play->options.dispatch_bytes = strtoul(optarg, NULL, 10);
    if (flag == 'r') play->fd_reader = strcmp(optarg, "fd") == 0;
    if (flag == 't') play->stall_ms = atoi(optarg);
    if (flag == '?') exit(usage());
  }
}

int main(int argc, char **argv) {
  struct play play = {
      .options = {.request_bytes = 1 << 20, .response_bytes = 1 << 20, .dispatch_bytes = 1 << 20},
      .stall_ms = 30000};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  read_flags(argc, argv, &play);
  if (argc - optind < 3) return usage();
  play.options.name = argv[optind];
  play.options.generation = strcmp(argv[optind + 1], "1.2") == 0 ? GENERATION_1_2 : GENERATION_1_4;
  play.scenario = argv[optind + 2];
  for (int i = 0; i < SCENARIO_ARGS && optind + 3 + i < argc; i++)
    play.args[i] = atol(argv[optind + 3 + i]);
  return scenario_play(&play);
}
