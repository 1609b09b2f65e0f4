// The handle that every adapter gives out, for adapters to share: the checks, and that a destroyed
// watch is silent and stays so. What a loop does for a watch is behind it.

import { checkFunction, checkInteger, MAX_INT32 } from '../arguments.js';
import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  type PollEvents,
  type PollHandle,
} from './contract.js';

const KNOWN_EVENTS = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLNVAL;

/** One watch of a loop, from when it was added to `remove`, after which nothing is called. */
export interface PollWatch {
  modify(events: PollEvents): void;
  remove(): void;
  setRef(ref: boolean): void;
}

class WatchHandle implements PollHandle {
  readonly #fd: number;
  #watch: PollWatch | undefined;

  constructor(fd: number, watch: PollWatch) {
    this.#fd = fd;
    this.#watch = watch;
  }

  modify(events: PollEvents): void {
    checkInteger('events', events, 0, KNOWN_EVENTS);
    if ((events & ~KNOWN_EVENTS) !== 0) {
      throw new RangeError(`events must be a set of POLLIN and POLLOUT, got ${events}`);
    }
    if (this.#watch === undefined) {
      throw new Error(`the watch of descriptor ${this.#fd} was destroyed`);
    }
    this.#watch.modify(events);
  }

  destroy(): void {
    const watch = this.#watch;
    this.#watch = undefined;
    watch?.remove();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  ref(): this {
    this.#watch?.setRef(true);
    return this;
  }

  unref(): this {
    this.#watch?.setRef(false);
    return this;
  }
}

/**
 * For adapters: checks what `pollAcceptAdd` or `pollDispatchAdd` was given, adds the watch, and
 * makes the handle of it.
 *
 * @param add Has the loop watch `fd` for `POLLIN`; throws when it cannot, or does already.
 * @throws {TypeError | RangeError} for a descriptor or a function of the wrong kind; what `add`
 * throws.
 */
export function pollHandle(
  fd: number,
  onReady: (revents: PollEvents) => void,
  add: () => PollWatch,
): PollHandle {
  checkInteger('fd', fd, 0, MAX_INT32);
  checkFunction('onReady', onReady);
  return new WatchHandle(fd, add());
}
