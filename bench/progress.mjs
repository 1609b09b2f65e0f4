// What a run says of itself while it runs, on standard error: what is measured, and how long it will
// take. On a terminal it is one line that changes, elsewhere a line for each case.

// What a measurement takes besides what it measures, until it has been made once. What it takes to
// start the processes is in none: that is done but once.
const AROUND_MS = 60;
// A terminal's line that is written more often than it can be read.
const REFRESH_MS = 100;

/** `8 s`, `2 min 5 s`. */
export function duration(ms) {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export class Progress {
  #stream;
  #now;
  #left;
  #rounds;
  #round = 0;
  #tookMs = new Map();
  #said = '';
  #saidAt = Number.NEGATIVE_INFINITY;

  /** Of a plan; `stream` and `now` are standard error and the clock. */
  constructor(plan, { stream = process.stderr, now = () => performance.now() } = {}) {
    this.#stream = stream;
    this.#now = now;
    this.#left = new Map(plan.map((each) => [each, each.rounds]));
    this.#rounds = Math.max(0, ...plan.map(({ rounds }) => rounds));
  }

  /** Milliseconds until the end, as far as it can be told: each takes as long as it last did. */
  get leftMs() {
    let sum = 0;
    for (const [each, times] of this.#left) sum += times * this.#expected(each);
    return sum;
  }

  #expected(each) {
    const { warmMs, ms } = each.options;
    return this.#tookMs.get(each) ?? warmMs + ms + AROUND_MS;
  }

  round(round) {
    this.#round = round;
  }

  /** Says that `each` begins. */
  begin(each) {
    this.#say(each);
  }

  /** Calls `work`, which is the measurement itself, and takes it that it will last as long again. */
  async during(each, work) {
    const start = this.#now();
    const result = await work();
    this.#tookMs.set(each, this.#now() - start);
    this.#left.set(each, this.#left.get(each) - 1);
    return result;
  }

  /** There will be no more of `each`. */
  drop(each) {
    this.#left.set(each, 0);
  }

  #say(each) {
    const where = `round ${this.#round} of ${this.#rounds}: ${each.case.name}`;
    if (!this.#stream.isTTY) {
      if (where !== this.#said) this.#stream.write(`${where}, ${this.#rest()}\n`);
      this.#said = where;
      return;
    }
    if (this.#now() - this.#saidAt < REFRESH_MS) return;
    this.#saidAt = this.#now();
    const what = [each.variant ?? '', each.impl.name, each.placement].filter((text) => text !== '');
    const line = `${where}, ${what.join(', ')}; ${this.#rest()}`;
    this.#stream.write(`\r\x1b[K${line.slice(0, (this.#stream.columns ?? 80) - 1)}`);
  }

  #rest() {
    return `about ${duration(this.leftMs)} left`;
  }

  /** Takes the line away again. */
  end() {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }
}
