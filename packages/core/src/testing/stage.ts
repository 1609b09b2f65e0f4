// Where one test of the conformance suite plays: an adapter, descriptors and watches that are
// cleared away behind it, and the waiting for conditions.

import type { PollAdapter, PollEvents, PollHandle } from '../poll/contract.js';
import type { PollDescriptors } from './descriptors.js';

/** One connected pair: the watched end and the peer's. */
export interface Pair {
  readonly near: number;
  readonly far: number;
}

/** A watch that keeps a record of its calls. */
export interface Witness {
  readonly handle: PollHandle;
  /** What `onReady` was called with, in order. */
  readonly seen: PollEvents[];
}

export const ONE_BYTE: Uint8Array = Uint8Array.of(1);

/** How a stage waits; every test waits for a condition. */
export interface Waiting {
  /** Lets the loop under test, and the host, do their work meanwhile. */
  sleep(ms: number): Promise<void>;
  /** Only ends what would hang. */
  readonly patienceMs: number;
}

export class Stage {
  readonly adapter: PollAdapter;
  readonly io: PollDescriptors;
  readonly #waiting: Waiting;
  readonly #open = new Set<number>();
  readonly #handles: PollHandle[] = [];
  #control: Witness | undefined;

  constructor(adapter: PollAdapter, io: PollDescriptors, waiting: Waiting) {
    this.adapter = adapter;
    this.io = io;
    this.#waiting = waiting;
    // An idle watch beside those of the test, so that no watch is ever an adapter's last.
    this.witness(this.pair().near);
  }

  sleep(ms: number): Promise<void> {
    return this.#waiting.sleep(ms);
  }

  /** Waits until `condition` holds. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const end = Date.now() + this.#waiting.patienceMs;
    while (!condition()) {
      if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
      await this.sleep(1);
    }
  }

  /** Waits for a promise, while nothing of the suite's own happens that might wake the loop. */
  async within(what: string, promise: Promise<void>): Promise<void> {
    const end = Date.now() + this.#waiting.patienceMs;
    let timer: NodeJS.Timeout | undefined;
    const vain = new Promise<never>((_resolve, reject) => {
      const give = (): void => reject(new Error(`waited in vain: ${what}`));
      timer = setTimeout(give, this.#waiting.patienceMs);
    });
    try {
      await Promise.race([promise, vain]);
    } finally {
      clearTimeout(timer);
    }
    // The limit itself wakes a loop that nothing else woke.
    if (Date.now() >= end) throw new Error(`waited in vain: ${what}`);
  }

  pair(): Pair {
    const [near, far] = this.io.socketPair();
    this.#open.add(near).add(far);
    return { near, far };
  }

  /** A pair whose near end has a byte to read. */
  readyPair(): Pair {
    const pair = this.pair();
    this.io.write(pair.far, ONE_BYTE);
    return pair;
  }

  close(...fds: number[]): void {
    for (const fd of fds) if (this.#open.delete(fd)) this.io.close(fd);
  }

  /** Writes until the descriptor takes no more. */
  fill(fd: number): void {
    const bytes = new Uint8Array(65536);
    try {
      for (;;) this.io.write(fd, bytes);
    } catch {
      // Full: what was wanted.
    }
  }

  watch(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    const handle = this.adapter.pollDispatchAdd(fd, onReady);
    this.#handles.push(handle);
    return handle;
  }

  /** Watches with a record, and asks for `events`. */
  witness(fd: number, events?: PollEvents): Witness {
    const seen: PollEvents[] = [];
    const handle = this.watch(fd, (revents) => {
      seen.push(revents);
    });
    if (events !== undefined) handle.modify(events);
    return { handle, seen };
  }

  /**
   * Lets the adapter do whatever it has left to do: a descriptor that is always ready is served
   * several times more. What was not called by then is silent.
   */
  async settle(): Promise<void> {
    this.#control ??= this.witness(this.readyPair().near);
    const { seen } = this.#control;
    const served = seen.length;
    await this.until('a ready descriptor is served', () => seen.length >= served + 8);
  }

  clear(): void {
    for (const handle of this.#handles) handle.destroy();
    this.close(...this.#open);
  }
}
