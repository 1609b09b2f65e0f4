// A poll adapter that is turned by hand: for tests that want to say when, and with what, call-backs
// run; and as the plainest implementation of the poll contract.

import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  type PollAdapter,
  type PollEvents,
  type PollHandle,
} from '../poll/contract.js';
import { poll } from '../poll/poll.js';

const ALWAYS = POLLERR | POLLHUP | POLLNVAL;
const MAX_FD = 0x7fffffff;
const MAX_EVENTS = 0x7fff;

/** Options of {@link handPoll}. */
export interface HandPollOptions {
  /** Called when `pending` may have changed: for who turns it. */
  changed?(): void;
}

/** A poll adapter whose turns somebody else makes. */
export interface HandPoll extends PollAdapter {
  /**
   * Makes one turn: looks with poll(2), without waiting, calls back what is ready, then runs the
   * jobs that were there when the turn began.
   * @param revents What to deliver in place of what poll(2) says, by descriptor.
   * @returns How many call-backs and jobs ran.
   */
  turn(revents?: ReadonlyMap<number, PollEvents>): number;
  /** Whether a watch that is ref-ed, or a job, waits for a turn. */
  readonly pending: boolean;
}

class Watch implements PollHandle {
  readonly fd: number;
  readonly onReady: (revents: PollEvents) => void;
  events: PollEvents = POLLIN;
  live = true;
  refed = true;
  readonly #owner: HandPolled;

  constructor(owner: HandPolled, fd: number, onReady: (revents: PollEvents) => void) {
    this.#owner = owner;
    this.fd = fd;
    this.onReady = onReady;
  }

  modify(events: PollEvents): void {
    if (!Number.isInteger(events) || events < 0 || events > MAX_EVENTS) {
      throw new RangeError(`events must be a set of poll events, got ${events}`);
    }
    if (!this.live) throw new Error(`the watch of descriptor ${this.fd} was destroyed`);
    this.events = events;
  }

  destroy(): void {
    if (!this.live) return;
    this.live = false;
    this.#owner.forget(this);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  ref(): this {
    this.refed = true;
    this.#owner.changed();
    return this;
  }

  unref(): this {
    this.refed = false;
    this.#owner.changed();
    return this;
  }
}

class HandPolled implements HandPoll {
  readonly name = 'hand';
  readonly changed: () => void;
  readonly #watches = new Map<number, Watch>();
  #jobs: (() => void)[] = [];

  constructor(options: HandPollOptions) {
    this.changed = () => options.changed?.();
  }

  pollAcceptAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    return this.pollDispatchAdd(fd, onReady);
  }

  pollDispatchAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    if (!Number.isInteger(fd) || fd < 0 || fd > MAX_FD) {
      throw new RangeError(`fd must be an integer from 0 to ${MAX_FD}, got ${fd}`);
    }
    if (typeof onReady !== 'function') throw new TypeError('onReady must be a function');
    if (this.#watches.has(fd)) throw new Error(`descriptor ${fd} is watched already`);
    if (((poll([{ fd, events: 0 }])[0] ?? 0) & POLLNVAL) !== 0) {
      throw new Error(`descriptor ${fd} is not open`);
    }
    const watch = new Watch(this, fd, onReady);
    this.#watches.set(fd, watch);
    this.changed();
    return watch;
  }

  pollJobAdd(job: () => void): void {
    if (typeof job !== 'function') throw new TypeError('job must be a function');
    this.#jobs.push(job);
    this.changed();
  }

  get pending(): boolean {
    return this.#jobs.length > 0 || [...this.#watches.values()].some(({ refed }) => refed);
  }

  turn(revents?: ReadonlyMap<number, PollEvents>): number {
    const watches = [...this.#watches.values()];
    const found = revents === undefined ? poll(watches) : [];
    const jobs = this.#jobs.splice(0);
    let calls = 0;
    for (const [index, watch] of watches.entries()) {
      const seen = revents === undefined ? found[index] : revents.get(watch.fd);
      // An earlier call-back of this turn may have changed or destroyed the watch.
      const wanted = (seen ?? 0) & (watch.events | ALWAYS);
      if (!watch.live || wanted === 0) continue;
      calls += 1;
      this.#call(() => watch.onReady(wanted));
    }
    for (const job of jobs) this.#call(job);
    return calls + jobs.length;
  }

  /** For its own watches. */
  forget(watch: Watch): void {
    this.#watches.delete(watch.fd);
    this.changed();
  }

  #call(callBack: () => void): void {
    try {
      callBack();
    } catch (error) {
      // Uncaught, and yet the rest of the turn goes on.
      process.nextTick(() => {
        throw error;
      });
    }
  }
}

/** A poll adapter that does nothing until its {@link HandPoll.turn} is called. */
export function handPoll(options: HandPollOptions = {}): HandPoll {
  return new HandPolled(options);
}

/**
 * A {@link handPoll} that setImmediate turns for as long as the process lives for other reasons, or
 * something is `pending`. It looks all the time, and so keeps a processor busy: for tests.
 */
export function turnedPoll(): PollAdapter {
  let next: NodeJS.Immediate | undefined;
  const hold = (): void => {
    if (hand.pending) next?.ref();
    else next?.unref();
  };
  const hand = handPoll({ changed: hold });
  const turn = (): void => {
    next = setImmediate(turn);
    try {
      hand.turn();
    } finally {
      hold();
    }
  };
  next = setImmediate(turn);
  hold();
  return hand;
}
