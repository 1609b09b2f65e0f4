// The poll contract over uv_poll watchers on the loop of this environment: of the main thread, or
// of the worker that calls. Everything that makes libuv differ from the contract is met in
// native/libuv; here are only the checks and the names.
//
// libuv makes every descriptor that it watches non-blocking, and leaves it so.

import { POLLIN, type PollAdapter, type PollEvents, type PollHandle } from '@coroipc/core';
import { checkDescriptor, checkEvents, checkFunction } from './arguments.js';
import { native } from './native.js';

class LibuvHandle implements PollHandle {
  readonly #fd: number;
  #handle: number | undefined;

  constructor(fd: number, onReady: (revents: PollEvents) => void) {
    checkDescriptor(fd);
    checkFunction('onReady', onReady);
    this.#fd = fd;
    this.#handle = native.add(fd, POLLIN, onReady);
  }

  modify(events: PollEvents): void {
    checkEvents(events);
    if (this.#handle === undefined) {
      throw new Error(`the watch of descriptor ${this.#fd} was destroyed`);
    }
    native.modify(this.#handle, events);
  }

  destroy(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle !== undefined) native.remove(handle);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  ref(): this {
    if (this.#handle !== undefined) native.setRef(this.#handle, true);
    return this;
  }

  unref(): this {
    if (this.#handle !== undefined) native.setRef(this.#handle, false);
    return this;
  }
}

class LibuvPoll implements PollAdapter {
  readonly name = 'libuv';

  pollAcceptAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    return new LibuvHandle(fd, onReady);
  }

  pollDispatchAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    return new LibuvHandle(fd, onReady);
  }

  pollJobAdd(job: () => void): void {
    checkFunction('job', job);
    setImmediate(() => job());
  }
}

/**
 * The poll adapter for Node's own event loop: no thread, no polling, one `uv_poll_t` a descriptor.
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
