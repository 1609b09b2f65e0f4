// Times, and what is told of them.

/** The middle and the slowest hundredth of times in milliseconds, in microseconds. Sorts `times`. */
export function percentilesUs(times) {
  times.sort();
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))] * 1000;
  return { p50Us: at(0.5), p99Us: at(0.99) };
}

/** How the rounds of one case lie: the median, with the smallest and the largest beside it. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}

/** The times, in milliseconds, of `count` calls of a function that blocks, after `warm` calls that do not count. */
export function timesOf(call, warm, count) {
  for (let i = 0; i < warm; i += 1) call();
  const times = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const start = performance.now();
    call();
    times[i] = performance.now() - start;
  }
  return times;
}
