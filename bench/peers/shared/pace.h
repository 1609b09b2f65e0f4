// Calls on a schedule with several in flight: who is late sends at once. While an answer is awaited
// the caller looks for it without a rest.
#pragma once

#include <sched.h>

#include "../../floor/schedule.h"
#include "../../floor/sides.h"
#include "options.h"

namespace bench {

// What became of looking for an answer.
enum class Answer { kTaken, kNone, kWrong };

// How many were answered in time; below 0 if `send()` was false, or an answer was wrong. Those that
// are still in flight are taken before it returns.
template <class Send, class Take>
int64_t call_on_schedule(const Send& send, const Take& take, int most_in_flight,
                         const Schedule& schedule, Histogram& times) {
  int64_t sent = 0;
  int64_t answered = 0;
  int64_t in_time = 0;
  while (answered < schedule.count()) {
    int64_t now = now_ns();
    const bool over = schedule.over(now);
    const int64_t most = over ? sent : std::min(schedule.ready(now), answered + most_in_flight);
    for (; sent < most; ++sent) {
      if (!send()) return -1;
    }
    if (answered == sent) {
      if (over) break;
      schedule.wait_for(sent);
      continue;
    }
    const Answer answer = take();
    if (answer == Answer::kWrong) return -1;
    if (answer == Answer::kNone) {
      sched_yield();
      continue;
    }
    now = now_ns();
    times.record(now - schedule.due_ns(answered));
    answered += 1;
    if (!schedule.over(now)) in_time = answered;
  }
  schedule.record_the_rest(answered, times);
  return in_time;
}

template <class Send, class Take>
[[nodiscard]] bool measure_pace(const Send& send, const Take& take, const Options& options,
                                Meter& meter) {
  Histogram times;
  const Effort& effort = options.effort;
  const auto call_for = [&](int64_t limit_ns) {
    const Schedule schedule(effort.rate, limit_ns);
    return call_on_schedule(send, take, options.in_flight, schedule, times);
  };
  if (effort.rate == 0 || call_for(effort.warm_ns) < 0) return false;
  times.clear();
  meter.begin();
  const int64_t answered = call_for(effort.measure_ns);
  meter.end();
  if (answered < 0) return false;
  printf("{");
  print_times(times);
  print_rates(meter, answered);
  printf("}\n");
  return true;
}

}  // namespace bench
