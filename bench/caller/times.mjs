// The times of a measurement, in milliseconds. They are kept as they come and go into a histogram
// when it is over, so that a call's time has no more in it than one look at the clock.
import { percentilesNs } from '../statistics.mjs';

/** Where a measurement ends, whatever its time. */
export const MOST_CALLS = 1_000_000;

/** The times of the measurement that runs: there is one at a time. */
export const times = new Float64Array(MOST_CALLS);

/** The percentiles of its first `count`. */
export const timesOf = (count) => percentilesNs(times.subarray(0, count));
