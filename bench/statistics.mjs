// Times and rounds, and what is told of them.

/** p50, p90 and p99 of times in milliseconds, in nanoseconds. Sorts `times`, a Float64Array. */
export function percentilesNs(times) {
  if (times.length === 0) throw new RangeError('there are no times to tell percentiles of');
  times.sort();
  const at = (share) => {
    const index = Math.min(times.length - 1, Math.floor(times.length * share));
    return Math.round(times[index] * 1e6);
  };
  return { p50Ns: at(0.5), p90Ns: at(0.9), p99Ns: at(0.99) };
}

/** How the rounds lie: the median, with the smallest and the largest beside it. */
export function spread(values) {
  if (values.length === 0) throw new RangeError('there are no rounds to tell the median of');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}
