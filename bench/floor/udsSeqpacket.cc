// The floor under a call over a socket that keeps packets whole.
#include "uds_exchange.h"

int main(int argc, char** argv) {
  return pingpong::run<pingpong::UdsExchange<SOCK_SEQPACKET>>(argc, argv);
}
