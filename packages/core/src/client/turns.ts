// When a client looks: its descriptors and its jobs, turned into turns. In a turn answers and messages
// are taken until there are none; then the core waits a little, awake, and asks to be rung. It is the
// client's only use of a poll system.
//
// Invariants:
//  - The socket is watched for hang-up always, and for POLLIN while it is what tells of something
//    wanted; on the native wire always, since the server asks there whether a buffer is taken, and
//    rings for nothing else that is not wanted. The second descriptor, where the wire has one, is
//    watched from the first call on.
//  - A turn is one millisecond or so at the most; a job of the adapter goes on.
//  - Promises and `process.nextTick` run between messages, and before a turn waits.

import { performance } from 'node:perf_hooks';
import type { ClientEngine } from '../client-engine/engine.js';
import { WANTS_MESSAGES } from '../native.js';
import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  type PollAdapter,
  type PollEvents,
  type PollHandle,
} from '../poll/contract.js';
import { runTicks } from '../ticks.js';

const TURN_MS = 1;
const MESSAGES_BETWEEN_LOOKS = 256;
const HANG_UP = POLLHUP | POLLERR | POLLNVAL;

/** Whether there were messages, and whether the last has left something to promises that can only run later. */
export const Delivered = { nothing: 0, some: 1, left: 2 } as const;
export type Delivered = (typeof Delivered)[keyof typeof Delivered];

/** What is done in turns. Every function may throw, and may end the turns. */
export interface TurnWork {
  /** What is wanted now, of WANTS_ANSWERS, WANTS_MESSAGES and WANTS_ROOM. */
  wants(): number;
  /** Takes the answers that are there; whether any was. */
  answers(): boolean;
  /** Delivers the next messages, so many at the most, with what promises and ticks run between two. */
  messages(most: number): Delivered;
  /** A turn has come to its end. */
  rest(): void;
  /** The socket says that the server is gone. */
  hungUp(): void;
}

export class ClientTurns {
  readonly #engine: ClientEngine;
  readonly #adapter: PollAdapter;
  readonly #work: TurnWork;
  readonly #socket: PollHandle;
  readonly #native: boolean;
  #bell: PollHandle | undefined;
  #events: PollEvents = 0;
  #jobAdded = false;
  #depth = 0;
  #ended = false;
  #ref = true;

  constructor(engine: ClientEngine, adapter: PollAdapter, work: TurnWork) {
    this.#engine = engine;
    this.#adapter = adapter;
    this.#work = work;
    this.#native = engine.wire === 'native';
    this.#socket = adapter.pollDispatchAdd(engine.socket, (revents) => this.#ready(revents));
    if (this.#native) this.#events = POLLIN;
    else this.#socket.modify(0);
    engine.onAttention = () => this.later();
  }

  /** Has what answers need watched. Throws when the poll system does not take it. */
  watchAnswers(): void {
    if (this.#native || this.#bell !== undefined || this.#ended) return;
    const { bell } = this.#engine;
    if (bell === undefined) return;
    this.#bell = this.#adapter.pollDispatchAdd(bell, () => {
      if (!this.#engine.closed) this.#engine.hear();
      this.#turn();
    });
    if (!this.#ref) this.#bell.unref();
  }

  /** Arranges for a turn: something is wanted that was not, or may be there. */
  later(): void {
    if (this.#jobAdded || this.#depth > 0) return;
    this.#jobAdded = true;
    this.#adapter.pollJobAdd(() => {
      this.#jobAdded = false;
      this.#turn();
    });
  }

  /** Looks at no descriptor any more; jobs still come. */
  unwatch(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#engine.onAttention = undefined;
    this.#socket.destroy();
    this.#bell?.destroy();
    this.#bell = undefined;
  }

  ref(on: boolean): void {
    this.#ref = on;
    for (const handle of [this.#socket, this.#bell]) {
      if (on) handle?.ref();
      else handle?.unref();
    }
  }

  #ready(revents: PollEvents): void {
    const over = (revents & HANG_UP) !== 0 || (this.#native && !this.#engine.hear());
    if (over) this.#work.hungUp();
    else if (!this.#jobAdded) this.#turn();
  }

  // An exception of a user's ends the turn but loses nothing: the next one is arranged first.
  #turn(): void {
    if (this.#engine.closed) return;
    this.#depth += 1;
    let asleep = false;
    try {
      asleep = this.#takeTurn();
    } finally {
      this.#depth -= 1;
      if (!asleep && !this.#engine.closed) this.later();
    }
  }

  // Whether the descriptors will tell of what is wanted. Where promises cannot run in between, a turn
  // ends as soon as it has left something to them.
  #takeTurn(): boolean {
    const ends = performance.now() + TURN_MS;
    for (;;) {
      let some = this.#work.answers();
      if (some && runTicks === undefined) return false;
      if (some) runTicks?.();
      if (this.#engine.closed) return true;
      const delivered = this.#work.messages(MESSAGES_BETWEEN_LOOKS);
      if (delivered === Delivered.left) return false;
      some ||= delivered === Delivered.some;
      if (this.#engine.closed) return true;
      this.#work.rest();
      if (this.#engine.closed) return true;
      if (some ? performance.now() >= ends : this.#sleep()) return !some;
      if (performance.now() >= ends) return false;
    }
  }

  #sleep(): boolean {
    const wants = this.#ended ? 0 : this.#work.wants();
    this.#listen(this.#native || (wants & WANTS_MESSAGES) !== 0 ? POLLIN : 0);
    return wants === 0 || this.#engine.sleep(wants) === 0;
  }

  #listen(events: PollEvents): void {
    if (events === this.#events || this.#ended) return;
    this.#events = events;
    this.#socket.modify(events);
  }
}
