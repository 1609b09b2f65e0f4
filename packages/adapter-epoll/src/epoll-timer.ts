// A timer of a loop: one timerfd, watched like any descriptor.

import type { PollHandle } from '@coroipc/core';
import {
  checkFunction,
  checkOptions,
  describe,
  MAX_INT32,
  optionNames,
} from '@coroipc/core/adapter';
import { native } from './native.js';
import { NOBODY, type WatchSet } from './watch-set.js';

/** When a timer fires; one of the two at least. Fractions of a millisecond count. */
export interface EpollTimerOptions {
  /** The first time, in milliseconds from now, 0 to 2147483647. Default: `everyMs`. */
  readonly afterMs?: number | undefined;
  /** From then on, in milliseconds, 0.001 to 2147483647. Default: never again. */
  readonly everyMs?: number | undefined;
}

const OPTIONS = optionNames<EpollTimerOptions>({ afterMs: true, everyMs: true });
const LEAST_EVERY_MS = 0.001;

function checkMs(name: string, value: unknown, least: number): number {
  const range = `a number of milliseconds from ${least} to ${MAX_INT32}`;
  if (typeof value !== 'number') {
    throw new TypeError(`${name} must be ${range}, got ${describe(value)}`);
  }
  if (!(value >= least && value <= MAX_INT32)) {
    throw new RangeError(`${name} must be ${range}, got ${value}`);
  }
  return value;
}

function checkTimes(options: EpollTimerOptions): { afterMs: number; everyMs: number } {
  checkOptions('options', options, OPTIONS);
  const { afterMs, everyMs } = options;
  if (afterMs === undefined && everyMs === undefined) {
    throw new TypeError('options must have afterMs, everyMs or both');
  }
  return {
    everyMs: everyMs === undefined ? 0 : checkMs('options.everyMs', everyMs, LEAST_EVERY_MS),
    afterMs: checkMs('options.afterMs', afterMs ?? everyMs, 0),
  };
}

/** A timer, made by {@link EpollLoop.timer}. It keeps the loop going while it is set. */
export class EpollTimer implements Disposable {
  readonly #sources: Set<Disposable>;
  readonly #callback: (expirations: number) => void;
  readonly #timer: number;
  readonly #handle: PollHandle;
  #again = false;
  #active = false;
  #ref = true;
  #closed = false;

  /** Called by the loop alone. */
  constructor(
    set: WatchSet,
    sources: Set<Disposable>,
    options: EpollTimerOptions,
    callback: (expirations: number) => void,
  ) {
    checkTimes(options);
    checkFunction('callback', callback);
    this.#sources = sources;
    this.#callback = callback;
    this.#timer = native.timerOpen();
    try {
      this.#handle = set.add(native.timerFd(this.#timer), () => this.#passed());
    } catch (error) {
      native.timerClose(this.#timer);
      throw error;
    }
    sources.add(this);
    this.set(options);
  }

  /** Whether its time is still to come. */
  get active(): boolean {
    return this.#active;
  }

  /** Sets it anew, in place of what it was set to. */
  set(options: EpollTimerOptions): void {
    const { afterMs, everyMs } = checkTimes(options);
    if (this.#closed) throw new Error('the timer is closed');
    native.timerSet(this.#timer, afterMs, everyMs);
    this.#again = everyMs > 0;
    this.#setActive(true);
  }

  /** Unsets it: it does not fire until it is set again. */
  clear(): void {
    if (this.#closed) return;
    native.timerSet(this.#timer, -1, 0);
    this.#setActive(false);
  }

  /** Ends it; a second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#active = false;
    this.#sources.delete(this);
    this.#handle.destroy();
    native.timerClose(this.#timer);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Lets it keep the loop going while it is set: how it starts. */
  ref(): this {
    return this.#setRef(true);
  }

  /** Lets the loop end before its time has come. */
  unref(): this {
    return this.#setRef(false);
  }

  #passed(): unknown {
    const expirations = native.timerTake(this.#timer);
    // Set anew or cleared after the readiness was fetched.
    if (expirations === 0) return NOBODY;
    if (!this.#again) this.#setActive(false);
    return this.#callback(expirations);
  }

  #setActive(active: boolean): void {
    this.#active = active;
    this.#applyRef();
  }

  #setRef(ref: boolean): this {
    this.#ref = ref;
    this.#applyRef();
    return this;
  }

  #applyRef(): void {
    if (this.#ref && this.#active) this.#handle.ref();
    else this.#handle.unref();
  }
}
