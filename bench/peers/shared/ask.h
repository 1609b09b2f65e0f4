// The measures of a client that calls: it has `call()`, which waits for its answer, and `send()`,
// `receive()` and `take()`, of which the last does not wait.
#pragma once

#include "../../floor/calls.h"
#include "pace.h"
#include "pipeline.h"

namespace bench {

template <class Client>
[[nodiscard]] bool measure_client(Client& client, const Options& options, Meter& meter) {
  const auto send = [&] { return client.send(); };
  if (options.measure == "pipelined") {
    return measure_pipeline(
        send, [&] { return client.receive(); }, options, meter);
  }
  if (options.measure == "paced") {
    return measure_pace(
        send, [&] { return client.take(); }, options, meter);
  }
  if (!is_call(options)) return fprintf(stderr, "no such measure\n"), false;
  bool answered = true;
  measure_calls([&] { answered = client.call() && answered; }, options.effort, meter);
  return answered;
}

}  // namespace bench
