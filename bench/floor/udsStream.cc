// The floor under a call over a stream socket: no frames, as both sides know the size.
#include "uds_exchange.h"

int main(int argc, char** argv) {
  return pingpong::run<pingpong::UdsExchange<SOCK_STREAM>>(argc, argv);
}
