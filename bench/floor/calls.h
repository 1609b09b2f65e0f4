// How a caller calls, one call after the other, and what is told of it. A call is any function that
// comes back when the answer is there.
#pragma once

#include <cinttypes>
#include <cstdio>

#include "clock.h"
#include "histogram.h"
#include "schedule.h"
#include "sides.h"

namespace bench {

struct Effort {
  int64_t warm_ns;     // how long to call before anything counts
  int64_t measure_ns;  // how long to measure
  int64_t pause_ns;    // before each call: above 0 the caller sleeps, below 0 it stays awake
  int64_t rate;        // calls a second on a schedule; 0 is as fast as they go
};

// Back to back, the end of one call is the beginning of the next: one look at the clock a call, as
// the cases in JavaScript do it.
template <class Call>
void call_back_to_back(const Call& call, int64_t limit_ns, Histogram& times) {
  int64_t before = now_ns();
  const int64_t end = before + limit_ns;
  while (before < end) {
    call();
    const int64_t after = now_ns();
    times.record(after - before);
    before = after;
  }
}

// The pause is no part of the time. Who sleeps has to be woken and to warm up; who stays awake
// shows what a sleeping server costs by itself.
template <class Call>
void call_with_pauses(const Call& call, int64_t pause_ns, int64_t limit_ns, Histogram& times) {
  int64_t before = now_ns();
  const int64_t end = before + limit_ns;
  while (before < end) {
    if (pause_ns > 0) {
      sleep_until(before + pause_ns);
    } else {
      stay_awake_until(before - pause_ns);
    }
    before = now_ns();
    call();
    const int64_t after = now_ns();
    times.record(after - before);
    before = after;
  }
}

// One call at a time: who is late calls at once. The number of calls that were answered.
template <class Call>
int64_t call_on_schedule(const Call& call, const Schedule& schedule, Histogram& times) {
  int64_t answered = 0;
  while (answered < schedule.count() && !schedule.over(now_ns())) {
    schedule.wait_for(answered);
    call();
    times.record(now_ns() - schedule.due_ns(answered));
    answered += 1;
  }
  schedule.record_the_rest(answered, times);
  return answered;
}

inline void print_times(const Histogram& times) {
  printf("\"p50Ns\": %" PRIu64 ", \"p90Ns\": %" PRIu64 ", ", times.at(0.5), times.at(0.9));
  printf("\"p99Ns\": %" PRIu64 ", \"p999Ns\": %" PRIu64 ", ", times.at(0.99), times.at(0.999));
  printf("\"maxNs\": %" PRIu64 ", ", times.most());
}

inline void print_rates(const Meter& meter, int64_t operations) {
  const double count = static_cast<double>(operations);
  printf("\"perSecond\": %.1f, \"cpuNsPerOp\": %.1f", meter.per_second(count),
         meter.cpu_ns_per(count));
}

// Calls as `effort` says and prints one line of JSON.
template <class Call>
void measure_calls(const Call& call, const Effort& effort, Meter& meter) {
  Histogram times;
  if (effort.pause_ns != 0) {
    call_with_pauses(call, effort.pause_ns, effort.warm_ns, times);
  } else {
    call_back_to_back(call, effort.warm_ns, times);
  }
  times.clear();
  int64_t answered = 0;
  meter.begin();
  if (effort.rate != 0) {
    answered = call_on_schedule(call, Schedule(effort.rate, effort.measure_ns), times);
  } else if (effort.pause_ns != 0) {
    call_with_pauses(call, effort.pause_ns, effort.measure_ns, times);
  } else {
    call_back_to_back(call, effort.measure_ns, times);
  }
  meter.end();
  if (effort.rate == 0) answered = static_cast<int64_t>(times.total());
  printf("{");
  print_times(times);
  print_rates(meter, answered);
  printf("}\n");
}

}  // namespace bench
