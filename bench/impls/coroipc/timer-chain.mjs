// A chain of timers of 1 ms, and how much later than that each of them ran: what a host's own timers
// notice of the traffic beside them.
import { percentilesNs } from '../../statistics.mjs';

const DUE_MS = 1;

export class TimerChain {
  #delays = [];
  #timer;

  constructor() {
    this.#next();
  }

  #next() {
    const start = performance.now();
    this.#timer = setTimeout(() => {
      // The loop reckons from the beginning of its turn, so a timer may be early; that is not late.
      this.#delays.push(Math.max(0, performance.now() - start - DUE_MS));
      this.#next();
    }, DUE_MS);
  }

  /** Ends the chain; the percentiles of the delays. */
  stop() {
    clearTimeout(this.#timer);
    return percentilesNs(Float64Array.from(this.#delays));
  }
}
