// The poll adapter for any host: a thread of its own watches the descriptors and wakes JavaScript.
// It needs nothing of the host but that it runs JavaScript; an adapter for the host's own loop
// saves the two thread switches of each wake-up.

import { checkFunction, checkInteger, MAX_INT32 } from '../arguments.js';
import { native } from '../native.js';
import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  type PollAdapter,
  type PollEvents,
  type PollHandle,
} from './contract.js';

const KNOWN_EVENTS = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLNVAL;

// The native watcher of one adapter, which lives, and its thread with it, while it has watches.
class Watcher {
  #number: number | undefined;
  #watches = 0;

  add(fd: number, onReady: (revents: PollEvents) => void): number {
    this.#number ??= native.watcherOpen();
    try {
      const watch = native.watcherAdd(this.#number, fd, onReady);
      this.#watches += 1;
      return watch;
    } finally {
      this.#closeWhenUnused();
    }
  }

  modify(watch: number, events: PollEvents): void {
    native.watcherModify(this.#open, watch, events);
  }

  remove(watch: number): void {
    native.watcherRemove(this.#open, watch);
    this.#watches -= 1;
    this.#closeWhenUnused();
  }

  ref(watch: number, on: boolean): void {
    native.watcherRef(this.#open, watch, on);
  }

  get #open(): number {
    if (this.#number === undefined) throw new Error('the watcher is closed');
    return this.#number;
  }

  #closeWhenUnused(): void {
    if (this.#watches > 0 || this.#number === undefined) return;
    native.watcherClose(this.#number);
    this.#number = undefined;
  }
}

class ThreadPollHandle implements PollHandle {
  readonly #watcher: Watcher;
  readonly #fd: number;
  #watch: number | undefined;

  constructor(watcher: Watcher, fd: number, onReady: (revents: PollEvents) => void) {
    checkInteger('fd', fd, 0, MAX_INT32);
    checkFunction('onReady', onReady);
    this.#watcher = watcher;
    this.#fd = fd;
    this.#watch = watcher.add(fd, onReady);
  }

  modify(events: PollEvents): void {
    checkInteger('events', events, 0, KNOWN_EVENTS);
    if ((events & ~KNOWN_EVENTS) !== 0) {
      throw new RangeError(`events must be a set of POLLIN and POLLOUT, got ${events}`);
    }
    if (this.#watch === undefined) {
      throw new Error(`the watch of descriptor ${this.#fd} was destroyed`);
    }
    this.#watcher.modify(this.#watch, events);
  }

  destroy(): void {
    const watch = this.#watch;
    this.#watch = undefined;
    if (watch !== undefined) this.#watcher.remove(watch);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  ref(): this {
    if (this.#watch !== undefined) this.#watcher.ref(this.#watch, true);
    return this;
  }

  unref(): this {
    if (this.#watch !== undefined) this.#watcher.ref(this.#watch, false);
    return this;
  }
}

class ThreadPoll implements PollAdapter {
  readonly name = 'thread';
  readonly #watcher = new Watcher();

  pollAcceptAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    return new ThreadPollHandle(this.#watcher, fd, onReady);
  }

  pollDispatchAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    return new ThreadPollHandle(this.#watcher, fd, onReady);
  }

  pollJobAdd(job: () => void): void {
    checkFunction('job', job);
    setImmediate(() => job());
  }
}

/**
 * The default poll adapter: a thread of its own, started with the first watch and ended with the
 * last, waits in epoll(7) and wakes JavaScript. Works in any host that loads the addon.
 */
export function threadPoll(): PollAdapter {
  return new ThreadPoll();
}
