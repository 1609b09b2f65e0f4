// The poll adapter for any host: a thread of its own watches the descriptors and wakes JavaScript.
// It needs nothing of the host but that it runs JavaScript; an adapter for the host's own loop
// saves the two thread switches of each wake-up.

import { checkFunction } from '../arguments.js';
import { native } from '../native.js';
import type { PollAdapter, PollEvents, PollHandle } from './contract.js';
import { type PollWatch, pollHandle } from './handle.js';

// The native watcher of one adapter, which lives, and its thread with it, while it has watches.
class Watcher {
  #number: number | undefined;
  #watches = 0;

  add(fd: number, onReady: (revents: PollEvents) => void): PollWatch {
    this.#number ??= native.watcherOpen();
    const number = this.#number;
    try {
      const watch = native.watcherAdd(number, fd, onReady);
      this.#watches += 1;
      return {
        modify: (events) => native.watcherModify(number, watch, events),
        remove: () => {
          native.watcherRemove(number, watch);
          this.#watches -= 1;
          this.#closeWhenUnused();
        },
        setRef: (ref) => native.watcherRef(number, watch, ref),
      };
    } finally {
      this.#closeWhenUnused();
    }
  }

  #closeWhenUnused(): void {
    if (this.#watches > 0 || this.#number === undefined) return;
    native.watcherClose(this.#number);
    this.#number = undefined;
  }
}

class ThreadPoll implements PollAdapter {
  readonly name = 'thread';
  readonly #watcher = new Watcher();

  pollAcceptAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    return this.pollDispatchAdd(fd, onReady);
  }

  pollDispatchAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    return pollHandle(fd, onReady, () => this.#watcher.add(fd, onReady));
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
