// One watch of an rxPoll: between the source, which reports a condition in every turn, and a
// pipeline, which may take its time.
//
// A readiness that does not come out of the pipeline at once lets the watch rest: the source is
// asked for nothing, so that it offers nothing more in every turn. It reports hang-up all the same,
// which a first rest lets pass: a source whose loop ends with its last watch should still have this
// one. In a rest that follows one in vain, its handle is given up, so that no loop is kept busy. The
// rest is over when a readiness comes out, or after a while, for the pipeline may have dropped it.
//
// Invariants: the descriptor is the watch's until `destroy`, resting or not. Nothing is delivered
// but what is asked for at that moment, hang-up excepted, and nothing after `destroy`. While it
// rests a timer of its own stands for it before the host, ref-ed as the watch is.

import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  type PollEvents,
  type PollHandle,
} from '@coroipc/core';
import { checkInteger } from '@coroipc/core/adapter';

const ALWAYS = POLLERR | POLLHUP | POLLNVAL;
const KNOWN_EVENTS = POLLIN | POLLOUT | ALWAYS;

/** A rest becomes this many times as long at most. */
const LONGEST_REST = 100;

/** What a watch is between. */
export interface WatchEnds {
  /** Watches the descriptor with the source. */
  add(ready: (revents: PollEvents) => void): PollHandle;
  /** Puts a readiness into the pipeline, which may call `cameOut` before this returns. */
  offer(revents: PollEvents): void;
  /** The user's function. */
  deliver(revents: PollEvents): void;
  destroyed(): void;
}

export class RxWatch implements PollHandle {
  readonly #fd: number;
  readonly #ends: WatchEnds;
  readonly #restMs: number;
  #handle: PollHandle | undefined;
  #events: PollEvents = POLLIN;
  #refed = true;
  #live = true;
  /** Whether something came out since the last readiness went in. */
  #out = false;
  #resting = false;
  /** Whether nothing came out in the rest before this one. */
  #inVain = false;
  /** Whether a readiness came out during the rest, which is about to end for that. */
  #waking = false;
  #nextRestMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(fd: number, restMs: number, ends: WatchEnds) {
    this.#fd = fd;
    this.#restMs = restMs;
    this.#nextRestMs = restMs;
    this.#ends = ends;
    this.#handle = ends.add((revents) => this.#ready(revents));
  }

  modify(events: PollEvents): void {
    checkInteger('events', events, 0, KNOWN_EVENTS);
    if ((events & ~KNOWN_EVENTS) !== 0) {
      throw new RangeError(`events must be a set of POLLIN and POLLOUT, got ${events}`);
    }
    if (!this.#live) throw new Error(`the watch of descriptor ${this.#fd} was destroyed`);
    this.#events = events;
    if (!this.#resting) this.#handle?.modify(events);
  }

  destroy(): void {
    if (!this.#live) return;
    this.#live = false;
    this.#endRest();
    const handle = this.#handle;
    this.#handle = undefined;
    this.#ends.destroyed();
    handle?.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  ref(): this {
    return this.#setRef(true);
  }

  unref(): this {
    return this.#setRef(false);
  }

  /** A readiness came out of the pipeline: the bits of it that were delivered. */
  cameOut(revents: PollEvents): PollEvents {
    if (!this.#live) return 0;
    this.#out = true;
    this.#nextRestMs = this.#restMs;
    const wanted = revents & (this.#events | ALWAYS);
    try {
      if (wanted !== 0) this.#ends.deliver(wanted);
    } catch (error) {
      // The host hears of it; the pipeline, and whoever else is in it, does not.
      queueMicrotask(() => {
        throw error;
      });
    }
    if (this.#resting) this.#wakeSoon();
    return wanted;
  }

  #ready(revents: PollEvents): void {
    if (this.#resting) {
      // Hang-up, which is reported whatever is asked for: it will be again, after the rest.
      if (this.#inVain) this.#giveUp();
      return;
    }
    this.#offer(revents);
  }

  #offer(revents: PollEvents): void {
    this.#out = false;
    this.#ends.offer(revents);
    if (this.#live && (!this.#out || this.#handle === undefined)) this.#rest();
  }

  #rest(): void {
    this.#resting = true;
    this.#inVain = this.#nextRestMs > this.#restMs;
    this.#wakeIn(this.#nextRestMs);
    this.#nextRestMs = Math.min(this.#nextRestMs * 2, this.#restMs * LONGEST_REST);
    if (this.#handle !== undefined) this.#ask(0);
  }

  // The timers of operators keep the process alive. A watch that does not want to is looked at
  // again only when the host goes on for other reasons: else the host ends before such a timer.
  #wakeSoon(): void {
    if (this.#refed) {
      this.#wake();
    } else if (!this.#waking) {
      this.#waking = true;
      this.#wakeIn(1);
    }
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#wake(), ms);
    if (!this.#refed) this.#timer.unref();
  }

  #wake(): void {
    this.#endRest();
    // Most likely somebody has closed the descriptor.
    if (!this.#ask(this.#events)) this.#offer(POLLNVAL);
  }

  #endRest(): void {
    this.#resting = false;
    this.#waking = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  // Has the source look out for events, also where it has forgotten the watch: whether it does.
  #ask(events: PollEvents): boolean {
    try {
      if (this.#handle === undefined) {
        this.#handle = this.#ends.add((revents) => this.#ready(revents));
        if (!this.#refed) this.#handle.unref();
      }
      this.#handle.modify(events);
      return true;
    } catch {
      this.#giveUp();
      return false;
    }
  }

  #giveUp(): void {
    this.#handle?.destroy();
    this.#handle = undefined;
  }

  #setRef(refed: boolean): this {
    this.#refed = refed;
    if (refed) {
      this.#handle?.ref();
      this.#timer?.ref();
    } else {
      this.#handle?.unref();
      this.#timer?.unref();
    }
    return this;
  }
}
