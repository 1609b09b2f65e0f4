// Times and rounds, and what is told of them.
import { createHistogram } from 'node:perf_hooks';

// Three digits of every time, from a nanosecond to an hour. One histogram serves all: it is emptied.
const histogram = createHistogram({ lowest: 1, highest: 3_600_000_000_000, figures: 3 });

/** p50, p90, p99, p99.9 and the longest of times in milliseconds, in nanoseconds. */
export function percentilesNs(times) {
  if (times.length === 0) throw new RangeError('there are no times to tell percentiles of');
  histogram.reset();
  let longest = 0;
  for (const time of times) {
    // A histogram knows no 0; what took no time at all took less than it can tell.
    const ns = Math.max(1, Math.round(time * 1e6));
    histogram.record(ns);
    if (ns > longest) longest = ns;
  }
  // A bucket is told by its upper end, which nothing may have reached.
  const at = (percent) => Math.min(longest, histogram.percentile(percent));
  return { p50Ns: at(50), p90Ns: at(90), p99Ns: at(99), p999Ns: at(99.9), maxNs: longest };
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
