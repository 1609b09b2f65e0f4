// A loop written by hand, over nothing but poll(2), as a poll adapter. It passes the conformance
// suite; docs/writing-an-adapter.md says what the contract asks for, and why.

import { POLLERR, POLLHUP, POLLIN, POLLNVAL, poll } from '@coroipc/core';

/** @typedef {import('@coroipc/core').PollAdapter} PollAdapter */
/** @typedef {import('@coroipc/core').PollHandle & import('@coroipc/core').PollRequest & {
 *   events: number, refed: boolean, onReady(revents: number): void }} Watch */

const ALWAYS = POLLERR | POLLHUP | POLLNVAL; // reported to everybody, whatever was asked for

/** @implements {PollAdapter} */
export class PollLoop {
  name = 'poll-loop';
  #watches = /** @type {Map<number, Watch>} */ (new Map());
  #jobs = /** @type {(() => void)[]} */ ([]);

  /** @type {PollAdapter['pollDispatchAdd']} */
  pollDispatchAdd(fd, onReady) {
    if (this.#watches.has(fd)) throw new Error(`descriptor ${fd} is watched already`);
    const [revents = 0] = poll([{ fd, events: 0 }]); // throws for what cannot be a descriptor
    if ((revents & POLLNVAL) !== 0) throw new Error(`descriptor ${fd} is not open`);
    /** @type {Watch} */
    const watch = {
      ...{ fd, onReady, events: POLLIN, refed: true },
      modify: (events) => void Object.assign(watch, { events }),
      destroy: () => void (this.#watches.get(fd) === watch && this.#watches.delete(fd)),
      ref: () => Object.assign(watch, { refed: true }),
      unref: () => Object.assign(watch, { refed: false }),
      [Symbol.dispose]: () => watch.destroy(),
    };
    this.#watches.set(fd, watch);
    return watch;
  }

  pollAcceptAdd = this.pollDispatchAdd;
  pollJobAdd = (/** @type {() => void} */ job) => void this.#jobs.push(job);

  /** Whether something is left to wait for. */
  get alive() {
    return this.#jobs.length > 0 || [...this.#watches.values()].some(({ refed }) => refed);
  }

  /** One turn: waits for readiness, serves it, then runs the jobs that were there before. */
  turn(timeoutMs = 0) {
    const jobs = this.#jobs.splice(0);
    const watches = [...this.#watches.values()];
    const found = poll(watches, jobs.length > 0 ? 0 : timeoutMs);
    for (const [index, watch] of watches.entries()) {
      // A call-back of this very turn may have destroyed this watch, or changed its interest.
      if (this.#watches.get(watch.fd) !== watch) continue;
      const revents = (found[index] ?? 0) & (watch.events | ALWAYS);
      if (revents !== 0) attempt(() => watch.onReady(revents));
    }
    for (const job of jobs) attempt(job);
  }

  /** Turns for as long as `going` says so. */
  async run(going = () => this.alive, hostEveryMs = 10) {
    while (going()) {
      await new Promise(setImmediate); // Node's own timers, sockets and signals have their turn,
      this.turn(hostEveryMs); // and wait for the next one no longer than this.
    }
  }
}

/** @param {() => void} callBack */
function attempt(callBack) {
  try {
    callBack();
  } catch (error) {
    // Uncaught, and yet the others of this turn are served.
    process.nextTick(() => {
      throw error;
    });
  }
}
