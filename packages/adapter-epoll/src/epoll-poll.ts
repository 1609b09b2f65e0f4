// A loop that needs no attention: it is nested in another adapter from its first watch on, and
// closed after its last.

import { type PollAdapter, type PollEvents, type PollHandle, threadPoll } from '@coroipc/core';
import { checkAdapter, type PollWatch, pollHandle } from '@coroipc/core/adapter';
import { EpollLoop } from './epoll-loop.js';

class HostedEpoll implements PollAdapter {
  readonly name: string;
  readonly #host: PollAdapter;
  #loop: EpollLoop | undefined;
  #watches = 0;

  constructor(host: PollAdapter) {
    this.#host = host;
    this.name = `epoll(${host.name})`;
  }

  pollAcceptAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    return this.pollDispatchAdd(fd, onReady);
  }

  pollDispatchAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    return pollHandle(fd, onReady, () => {
      this.#watches += 1;
      try {
        return this.#watch(fd, onReady);
      } catch (error) {
        this.#release();
        throw error;
      }
    });
  }

  /** Jobs are the host's: its turns are this loop's. */
  pollJobAdd(job: () => void): void {
    this.#host.pollJobAdd(job);
  }

  #watch(fd: number, onReady: (revents: PollEvents) => void): PollWatch {
    this.#loop ??= this.#open();
    const handle = this.#loop.pollDispatchAdd(fd, onReady);
    return {
      modify: (events) => handle.modify(events),
      remove: () => {
        handle.destroy();
        this.#release();
      },
      setRef: (ref) => void (ref ? handle.ref() : handle.unref()),
    };
  }

  #open(): EpollLoop {
    const loop = new EpollLoop();
    try {
      loop.attach(this.#host);
    } catch (error) {
      loop.close();
      throw error;
    }
    return loop;
  }

  #release(): void {
    this.#watches -= 1;
    if (this.#watches > 0) return;
    this.#loop?.close();
    this.#loop = undefined;
  }
}

/**
 * An epoll loop as a poll adapter that takes care of itself: every connection is in one epoll set,
 * and `host` watches that one descriptor.
 *
 * @param host Default: a thread of its own ({@link threadPoll}), which any runtime has. With
 * `libuvPoll()` it is nested in Node's own loop.
 *
 * @example
 * ```ts
 * import { IpcServer } from '@coroipc/core';
 * import { epollPoll } from '@coroipc/adapter-epoll';
 * const server = new IpcServer({ name: 'demo', adapter: epollPoll() });
 * ```
 */
export function epollPoll(host: PollAdapter = threadPoll()): PollAdapter {
  return new HostedEpoll(checkAdapter('host', host));
}
