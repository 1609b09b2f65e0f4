// The poll contract over uv_poll watchers on the loop of this environment: of the main thread, or
// of the worker that calls. Everything that makes libuv differ from the contract is met in
// native/libuv; here are only the checks and the names.
//
// libuv makes every descriptor that it watches non-blocking, and leaves it so.

import { POLLIN, type PollAdapter, type PollEvents, type PollHandle } from '@coroipc/core';
import { checkFunction, type PollWatch, pollHandle } from '@coroipc/core/adapter';
import { type NativeLibuv, nativeLibuv } from './native.js';

// A server has one for each connection, and functions of its own would take five times the memory.
class LibuvWatch implements PollWatch {
  readonly #native: NativeLibuv;
  readonly #number: number;

  constructor(native: NativeLibuv, number: number) {
    this.#native = native;
    this.#number = number;
  }

  modify(events: PollEvents): void {
    this.#native.modify(this.#number, events);
  }

  remove(): void {
    this.#native.remove(this.#number);
  }

  setRef(ref: boolean): void {
    this.#native.setRef(this.#number, ref);
  }
}

class LibuvPoll implements PollAdapter {
  readonly name = 'libuv';
  readonly #native: NativeLibuv = nativeLibuv();

  pollAcceptAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    const handle = this.pollDispatchAdd(fd, onReady);
    // To be asked for nothing needs a descriptor, the first time. A listener is left alone when there
    // are none, so it has it from the beginning.
    try {
      handle.modify(0);
      handle.modify(POLLIN);
    } catch (error) {
      handle.destroy();
      throw error;
    }
    return handle;
  }

  pollDispatchAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    return pollHandle(
      fd,
      onReady,
      () => new LibuvWatch(this.#native, this.#native.add(fd, POLLIN, onReady)),
    );
  }

  pollJobAdd(job: () => void): void {
    checkFunction('job', job);
    setImmediate(() => job());
  }
}

/**
 * The poll adapter for Node's own event loop: no thread, no polling, one `uv_poll_t` a descriptor.
 *
 * @throws {Error} on Bun and Deno, whose loops are not libuv's.
 *
 * @example
 * ```ts
 * import { IpcServer } from '@coroipc/core';
 * import { libuvPoll } from '@coroipc/adapter-libuv';
 * const server = new IpcServer({ name: 'demo', adapter: libuvPoll() });
 * ```
 */
export function libuvPoll(): PollAdapter {
  return new LibuvPoll();
}
