// What a native connection is to whoever uses it: three queues with room for so many bytes, and two
// sides that sleep and ring. No rings, no indices, no memory.

import { CLIENT, type Geometry, SERVER, type Shown, type Side, WANTS } from './ends.js';

const RECORD_HEADER_BYTES = 16;
/** Behind the last record is the word that says so. */
const NO_RECORD_BYTES = 8;
export const REQUEST_HEADER_BYTES = 16;
export const RESPONSE_HEADER_BYTES = 24;

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** A message in a queue: what the other side has to be shown, and what it takes of the ring. */
interface Held extends Shown {
  readonly room: number;
}

export class Queue {
  readonly #size: number;
  readonly #held: Held[] = [];
  #used = 0;
  /** The same, as far as the sender knows: what was taken it sees when it needs the room. */
  #known = 0;
  /** The room that the last one asked for in vain. */
  #wanted = 0;

  /** Of a ring of so many bytes. */
  constructor(bytes: number) {
    this.#size = bytes - NO_RECORD_BYTES;
  }

  /** The bytes that a message may have now; less than zero when not even its header fits. */
  get room(): number {
    return this.#size - this.#used - RECORD_HEADER_BYTES;
  }
  get largest(): number {
    return this.#size - RECORD_HEADER_BYTES;
  }
  get empty(): boolean {
    return this.#held.length === 0;
  }
  get first(): Held | undefined {
    return this.#held[0];
  }
  /** Whether anything was taken that the sender has not seen. */
  get moved(): boolean {
    return this.#known !== this.#used;
  }
  /** Whether what was refused last would fit by now. */
  get roomMade(): boolean {
    return this.#wanted > 0 && this.#used + this.#wanted <= this.#size;
  }

  /** Whether it fits; it is in the queue then. */
  put(message: Uint8Array, shown: Shown): boolean {
    const room = padded(RECORD_HEADER_BYTES + message.length);
    // What can never fit is not waited for.
    this.#wanted = 0;
    if (room > this.#size) return false;
    if (this.#known + room > this.#size) this.#known = this.#used;
    if (this.#known + room > this.#size) {
      this.#wanted = room;
      return false;
    }
    this.#held.push({ ...shown, room });
    this.#used += room;
    this.#known += room;
    return true;
  }

  take(): Held {
    const held = this.#held.shift();
    if (held === undefined) throw new Error('nothing was there to be taken');
    this.#used -= held.room;
    return held;
  }
}

export class Channel {
  readonly geometry: Geometry;
  readonly requests: Queue;
  readonly responses: Queue;
  readonly dispatches: Queue;
  sent = 0;
  dispatched = 0;
  /** Requests whose answer the client has not taken. */
  readonly inFlight = new Set<number>();
  /** Requests that the server has seen and not answered. */
  readonly unanswered = new Set<number>();
  /** Whether the first of a queue was looked at, so that it may be taken. */
  readonly seen = { request: false, response: false, message: false };
  readonly wants = [0, 0];
  backlog = false;
  // How often each side went to sleep, and for which of those it was rung.
  readonly #sleeps = [0, 0];
  readonly #rungFor = [0, 0];

  constructor(geometry: Geometry) {
    this.geometry = geometry;
    this.requests = new Queue(geometry.requestRing);
    this.responses = new Queue(geometry.responseRing);
    this.dispatches = new Queue(geometry.dispatchRing);
  }

  /** Whether a side that wants this has some of it. */
  has(side: Side, wants: number): boolean {
    const asks = (what: number) => (wants & what) !== 0;
    if (side === SERVER) {
      const { responses, dispatches, backlog } = this;
      // While messages wait behind the ring, any room will do.
      const room = responses.roomMade || dispatches.roomMade || (backlog && dispatches.moved);
      return (asks(WANTS.CALLS) && !this.requests.empty) || (asks(WANTS.ROOM) && room);
    }
    return (
      (asks(WANTS.CALLS) && !this.responses.empty) ||
      (asks(WANTS.DISPATCHES) && !this.dispatches.empty) ||
      (asks(WANTS.ROOM) && this.requests.roomMade)
    );
  }

  doze(side: Side, wants: number): boolean {
    this.#sleeps[side] = (this.#sleeps[side] ?? 0) + 1;
    this.wants[side] = this.has(side, wants) ? 0 : wants;
    return !this.has(side, wants);
  }

  wake(side: Side): void {
    this.wants[side] = 0;
  }

  /** Once for each sleep, and only to who wants it. */
  mustRing(side: Side, what: number): boolean {
    const peer = side === CLIENT ? SERVER : CLIENT;
    const sleep = this.#sleeps[peer] ?? 0;
    if (((this.wants[peer] ?? 0) & what) === 0 || this.#rungFor[peer] === sleep) return false;
    this.#rungFor[peer] = sleep;
    return true;
  }
}
