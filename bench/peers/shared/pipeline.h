// So many calls in flight, each followed by the next as soon as it is answered. Answers come in the
// order of their requests, so that every so many an answer is of the same lane; only that lane
// looks at the clock, which would else be a part of what is measured.
#pragma once

#include "../../floor/sides.h"
#include "options.h"

namespace bench {

// How many were answered; below 0 if `send()` or `receive()` was false.
template <class Send, class Receive>
int64_t keep_in_flight(const Send& send, const Receive& receive, int in_flight, int64_t limit_ns,
                       Histogram& times) {
  int64_t before = now_ns();
  const int64_t end = before + limit_ns;
  int64_t count = 0;
  for (int lane = 0; lane < in_flight; ++lane) {
    if (!send()) return -1;
  }
  for (bool over = false; !over;) {
    for (int lane = 0; lane < in_flight && !over; ++lane) {
      if (!receive()) return -1;
      count += 1;
      if (lane == 0) {
        const int64_t after = now_ns();
        times.record(after - before);
        before = after;
        over = after >= end;
      }
      if (!over && !send()) return -1;
    }
  }
  for (int lane = 1; lane < in_flight; ++lane) {
    if (!receive()) return -1;
  }
  return count + in_flight - 1;
}

template <class Send, class Receive>
[[nodiscard]] bool measure_pipeline(const Send& send, const Receive& receive,
                                    const Options& options, Meter& meter) {
  Histogram times;
  const Effort& effort = options.effort;
  if (keep_in_flight(send, receive, options.in_flight, effort.warm_ns, times) < 0) return false;
  times.clear();
  meter.begin();
  const int64_t count = keep_in_flight(send, receive, options.in_flight, effort.measure_ns, times);
  meter.end();
  if (count < 0) return false;
  printf("{");
  print_times(times);
  print_rates(meter, count);
  printf("}\n");
  return true;
}

}  // namespace bench
