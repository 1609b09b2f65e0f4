// What a subscriber measures: how many messages came, how long ticks were on their way, whether one
// is missing, and what else went wrong.

import { Faults } from './faults.mjs';
import { Latency } from './latency.mjs';

// Node reads the machine's own clock, which all its processes share. Bun and Deno count from their
// start: with them a time from one process to another is not to be had.
const SAME_CLOCK = process.versions['bun'] === undefined && process.versions['deno'] === undefined;

export class Measures {
  #faults = new Faults();
  #latency = new Latency();
  #count = 0;
  #startedAt = Number.NaN;
  #endedAt = Number.NaN;
  /** @type {number | undefined} */
  #sequence;

  start() {
    this.#startedAt = performance.now();
  }

  end() {
    this.#endedAt = performance.now();
  }

  /** A message came. */
  count() {
    this.#count += 1;
  }

  /**
   * A tick came.
   * @param {import('./protocol.mjs').Tick} tick
   * @throws {Error} when it is not the one that was due
   */
  tick({ atNs, sequence }) {
    if (SAME_CLOCK) this.#latency.add(process.hrtime.bigint() - atNs);
    const due = this.#sequence === undefined ? sequence : (this.#sequence + 1) >>> 0;
    this.#sequence = sequence;
    if (sequence !== due) throw new Error(`ticks are missing: ${due} was due, ${sequence} came`);
  }

  /** @param {unknown} error */
  fault(error) {
    this.#faults.add(error);
  }

  /** What is reported to the parent. */
  figures() {
    const until = Number.isNaN(this.#endedAt) ? performance.now() : this.#endedAt;
    return {
      dispatches: this.#count,
      seconds: (until - this.#startedAt) / 1000,
      p50Us: this.#latency.percentileUs(50),
      p99Us: this.#latency.percentileUs(99),
      ...this.#faults.figures(),
    };
  }

  /** What is shown of them. */
  shown() {
    const { dispatches: count, seconds, p50Us, p99Us } = this.figures();
    return {
      elapsedSeconds: seconds,
      dispatches: { count, perSecond: count / seconds, p50Us, p99Us },
    };
  }
}
