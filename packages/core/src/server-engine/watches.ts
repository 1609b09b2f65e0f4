// What a server's engine needs of a poll system, and that need met by a poll adapter. The other
// implementation, over the poll functions of a `coroipcs_init_state`, is coroipcs/host-polls.ts.

import { KEY_LISTENER } from '../native.js';
import type { PollAdapter, PollEvents, PollHandle } from '../poll/contract.js';

/** Where readiness goes: the engine. */
export interface WatchTarget {
  /** The listening descriptor is readable. */
  accept(): void;
  /** The descriptor of `key` is ready. False: the core has forgotten it during this call. */
  dispatch(key: number, revents: PollEvents): boolean;
  /** A job's time has come: serves what there is. */
  turn(): void;
}

/** The descriptors that a server has watched, by the core's keys. */
export interface ServerWatches {
  /** Whether a failure of `add` is the system's (a resource ran out) and not a user function's. */
  readonly systemOnly: boolean;
  /** Watches `fd` for POLLIN. */
  add(fd: number, key: number, target: WatchTarget): void;
  modify(fd: number, key: number, events: PollEvents): void;
  /** Forgets `fd`; for a key that is not watched it does nothing. */
  remove(fd: number, key: number): void;
  /** Runs `job` once in the loop's next turn; false where the poll system knows no such thing. */
  job(job: () => void): boolean;
  /** Whether the watches keep the process alive, those to come included. */
  ref(on: boolean): void;
}

/** Watches over a poll adapter. */
export class AdapterWatches implements ServerWatches {
  readonly systemOnly = true;
  readonly #adapter: PollAdapter;
  readonly #handles = new Map<number, PollHandle>();
  #ref = true;

  constructor(adapter: PollAdapter) {
    this.#adapter = adapter;
  }

  add(fd: number, key: number, target: WatchTarget): void {
    const handle =
      key === KEY_LISTENER
        ? this.#adapter.pollAcceptAdd(fd, () => target.accept())
        : this.#adapter.pollDispatchAdd(fd, (revents) => {
            target.dispatch(key, revents);
          });
    this.#handles.set(key, handle);
    if (!this.#ref) handle.unref();
  }

  modify(_fd: number, key: number, events: PollEvents): void {
    this.#handles.get(key)?.modify(events);
  }

  remove(_fd: number, key: number): void {
    const handle = this.#handles.get(key);
    this.#handles.delete(key);
    handle?.destroy();
  }

  job(job: () => void): boolean {
    this.#adapter.pollJobAdd(job);
    return true;
  }

  ref(on: boolean): void {
    this.#ref = on;
    for (const handle of this.#handles.values()) {
      if (on) handle.ref();
      else handle.unref();
    }
  }
}
