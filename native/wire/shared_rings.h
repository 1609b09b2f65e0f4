// The rings of a connection as JavaScript sees them, to go on with by itself where all is ordinary.
// Only the native wire has them.
#pragma once

#include <cstdint>

#include "wire/buffers.h"

namespace coroipc::wire {

// What JavaScript may do for a server's connection by itself, and what it did since the server last
// looked.
struct Delegated {
  static constexpr uint32_t kTake = 1;  // take requests, and answer them
  static constexpr uint32_t kDispatch = 2;

  uint32_t may = 0;
  uint32_t current = 0;  // a request of the connection is served: the server looks soon by itself
  uint32_t taken = 0;
  uint32_t responded = 0;
  uint32_t sent = 0;    // dispatch messages
  uint32_t untold = 0;  // what a client may sleep for that may not have been told of it
  uint32_t spins = 0;   // it makes sense to look for a request for a while
  uint32_t due = 0;     // the server was told, and will look behind a fence soon
};

// An end's memory, and where it stands in its rings.
struct SharedRings {
  SharedMemory ours;
  SharedMemory theirs;  // must not be written to
  SharedMemory ledger;
  Delegated* delegated = nullptr;  // a part of the ledger, at a server
  size_t request_bytes = 0;
  size_t response_bytes = 0;
  size_t dispatch_bytes = 0;
  uint32_t max_in_flight = 0;
};

}  // namespace coroipc::wire
