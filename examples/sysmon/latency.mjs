// How long things took: a histogram of nanoseconds, read in microseconds.

import { createHistogram } from 'node:perf_hooks';

export class Latency {
  #histogram = createHistogram();

  /** @param {bigint} nanoseconds */
  add(nanoseconds) {
    this.#histogram.record(nanoseconds > 0n ? nanoseconds : 1n);
  }

  get count() {
    return this.#histogram.count;
  }

  /**
   * Null while nothing was measured: a figure is measured or it is not there.
   * @param {number} percent
   * @returns {number | null}
   */
  percentileUs(percent) {
    return this.count === 0 ? null : Number(this.#histogram.percentile(percent)) / 1000;
  }
}
