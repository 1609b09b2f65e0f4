// A signal of the process, taken over by a loop: a pipe that the signal's handler writes to,
// watched like any descriptor.

import { constants } from 'node:os';
import type { PollHandle } from '@coroipc/core';
import { checkFunction, checkInteger, describe } from '@coroipc/core/adapter';
import { native } from './native.js';
import type { WatchSet } from './watch-set.js';

const MAX_SIGNAL = 64;

/** A signal that came, and who sent it. */
export interface SignalNews {
  /** As it was asked for: `'SIGTERM'`, or a number. */
  readonly signal: NodeJS.Signals | number;
  /** The sender's process id; 0 for the kernel, a terminal above all. */
  readonly pid: number;
  /** The sender's real user id; 0 for the kernel too. */
  readonly uid: number;
}

function numberOf(signal: unknown): number {
  if (typeof signal === 'number') return checkInteger('signal', signal, 1, MAX_SIGNAL);
  if (typeof signal !== 'string') {
    throw new TypeError(
      `signal must be a name or an integer from 1 to ${MAX_SIGNAL}, got ${describe(signal)}`,
    );
  }
  const number = new Map<string, number>(Object.entries(constants.signals)).get(signal);
  if (number === undefined) {
    throw new RangeError(`signal must be the name of a signal, got ${describe(signal)}`);
  }
  return number;
}

/** A signal's watch, made by {@link EpollLoop.signal}. */
export class EpollSignal implements Disposable {
  readonly #sources: Set<Disposable>;
  readonly #signal: number;
  readonly #handle: PollHandle;
  #closed = false;

  /** Called by the loop alone. */
  constructor(
    set: WatchSet,
    sources: Set<Disposable>,
    signal: NodeJS.Signals | number,
    callback: (news: SignalNews) => void,
  ) {
    const number = numberOf(signal);
    checkFunction('callback', callback);
    this.#sources = sources;
    this.#signal = native.signalOpen(number);
    try {
      this.#handle = set.add(native.signalFd(this.#signal), () => {
        const sender = native.signalTake(this.#signal);
        if (sender !== undefined) callback({ signal, pid: sender[0], uid: sender[1] });
      });
    } catch (error) {
      native.signalClose(this.#signal);
      throw error;
    }
    this.#handle.unref();
    sources.add(this);
  }

  /** Hands the signal back to whoever handled it before; a second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sources.delete(this);
    this.#handle.destroy();
    native.signalClose(this.#signal);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Lets it keep the loop going. */
  ref(): this {
    this.#handle.ref();
    return this;
  }

  /** Lets the loop end while the signal is watched: how it starts. */
  unref(): this {
    this.#handle.unref();
    return this;
  }
}
