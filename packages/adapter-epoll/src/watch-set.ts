// The watches of one loop: which call-back belongs to which descriptor of the epoll set.
//
// Invariants:
//  - A watch's number is never used twice, so readiness that was fetched for a watch that is gone
//    finds nobody.
//  - Interest is read when readiness is delivered, not when it is fetched.
//  - A descriptor that was closed under our feet is found by the next `modify`, and is POLLNVAL in
//    every turn from then on.

import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  type PollEvents,
  type PollHandle,
} from '@coroipc/core';
import { type PollWatch, pollHandle } from '@coroipc/core/adapter';
import { native } from './native.js';

type OnReady = (revents: PollEvents) => void;

const ALWAYS = POLLERR | POLLHUP | POLLNVAL;
const BELL = 0;
/** How many ready descriptors are fetched at a time. */
export const MOST_READY = 64;

interface Watch {
  readonly fd: number;
  readonly number: number;
  readonly onReady: OnReady;
  events: PollEvents;
  ref: boolean;
}

/** Readiness that was fetched and is still to be delivered. */
export interface Ready {
  readonly watch: number;
  readonly events: PollEvents;
}

/** What a watch set tells its loop. */
export interface WatchSetOwner {
  /** The number of ref'd watches has become zero, or is zero no more. */
  aliveChanged(): void;
  /** Somebody, on any thread, asked the loop to stop. */
  stopAsked(): void;
  /** A turn has to come although no descriptor may be ready. */
  turnNeeded(): void;
}

export class WatchSet {
  /** The loop's number, which no other loop of this process ever has. */
  readonly number: number = native.loopOpen();
  /** The epoll set's descriptor. */
  readonly fd: number = native.loopFd(this.number);
  readonly #owner: WatchSetOwner;
  readonly #watches = new Map<number, Watch>();
  readonly #fds = new Set<number>();
  readonly #invalid = new Set<Watch>();
  readonly #words = new Float64Array(2 * MOST_READY);
  #next = 1;
  #refs = 0;

  constructor(owner: WatchSetOwner) {
    this.#owner = owner;
  }

  /** Whether a watch is ref'd. */
  get alive(): boolean {
    return this.#refs > 0;
  }

  /** Whether a turn has something to deliver although nothing may be ready. */
  get impatient(): boolean {
    return this.#invalid.size > 0;
  }

  add(fd: number, onReady: OnReady): PollHandle {
    return pollHandle(fd, onReady, () => this.#watch(fd, onReady));
  }

  /** Waits for readiness, once; `most` is 1 to {@link MOST_READY}. */
  fetch(timeoutMs: number, most: number): Ready[] {
    const ready: Ready[] = [];
    const count = native.loopWait(this.number, timeoutMs, this.#words, most);
    for (let index = 0; index < count; index += 1) {
      const watch = this.#words[2 * index] ?? BELL;
      if (watch !== BELL) ready.push({ watch, events: this.#words[2 * index + 1] ?? 0 });
      else if (native.loopTakeStop(this.number)) this.#owner.stopAsked();
    }
    for (const { number } of this.#invalid) ready.push({ watch: number, events: POLLNVAL });
    return ready;
  }

  /** Calls back, if there is still somebody who wants it; whether there was. */
  deliver({ watch: number, events }: Ready): boolean {
    const watch = this.#watches.get(number);
    if (watch === undefined) return false;
    const revents = events & (watch.events | ALWAYS);
    if (revents === 0) return false;
    watch.onReady(revents);
    return true;
  }

  close(): void {
    this.#watches.clear();
    this.#fds.clear();
    this.#invalid.clear();
    this.#refs = 0;
    native.loopClose(this.number);
  }

  #watch(fd: number, onReady: OnReady): PollWatch {
    // The kernel would take another number of the same open file, but one of the same number is
    // refused by it too; a closed one, whose number is free again, is still somebody's here.
    if (this.#fds.has(fd)) throw new Error(`descriptor ${fd} is watched already`);
    const watch: Watch = { fd, number: this.#next, onReady, events: POLLIN, ref: true };
    native.loopAdd(this.number, fd, watch.number, POLLIN);
    this.#next += 1;
    this.#watches.set(watch.number, watch);
    this.#fds.add(fd);
    this.#count(1);
    return {
      modify: (events) => this.#modify(watch, events),
      remove: () => this.#remove(watch),
      setRef: (ref) => this.#setRef(watch, ref),
    };
  }

  #modify(watch: Watch, events: PollEvents): void {
    if (watch.events === events || !this.#watches.has(watch.number)) return;
    watch.events = events;
    if (native.loopModify(this.number, watch.fd, watch.number, events)) return;
    this.#invalid.add(watch);
    this.#owner.turnNeeded();
  }

  #remove(watch: Watch): void {
    if (!this.#watches.delete(watch.number)) return;
    this.#fds.delete(watch.fd);
    this.#invalid.delete(watch);
    native.loopRemove(this.number, watch.fd);
    if (watch.ref) this.#count(-1);
  }

  #setRef(watch: Watch, ref: boolean): void {
    if (watch.ref === ref || !this.#watches.has(watch.number)) return;
    watch.ref = ref;
    this.#count(ref ? 1 : -1);
  }

  #count(change: number): void {
    const before = this.#refs;
    this.#refs += change;
    if ((before === 0) !== (this.#refs === 0)) this.#owner.aliveChanged();
  }
}
