// The calls whose requests are in flight, by token. Tokens are numbers that go up by one a request, so
// nearly every call has a place of its own in an array; one whose place is taken by a call that is
// much older waits in a map.

import type { PendingCall } from './pending-call.js';

const FIRST_PLACES = 8;
const MOST_PLACES = 4096;

export class CallsInFlight {
  /** A power of two of them, as soon as there are any. */
  #places: (PendingCall | undefined)[] = [];
  readonly #others = new Map<number, PendingCall>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a call under its token. */
  add(call: PendingCall): void {
    if (this.#size >= this.#places.length) this.#grow();
    this.#put(call);
    this.#size += 1;
  }

  /** Takes out the call of a token; undefined: there is none. */
  take(token: number): PendingCall | undefined {
    const place = token & (this.#places.length - 1);
    let call = this.#places[place];
    if (call?.token === token) {
      this.#places[place] = undefined;
    } else {
      call = this.#others.get(token);
      if (call === undefined) return undefined;
      this.#others.delete(token);
    }
    this.#size -= 1;
    return call;
  }

  /** The call that was sent first; undefined: there is none. */
  first(): PendingCall | undefined {
    return this.#size === 0 ? undefined : this.#all()[0];
  }

  /** Takes all of them out, in the order of their requests. */
  takeAll(): PendingCall[] {
    const all = this.#all();
    this.#places.fill(undefined);
    this.#others.clear();
    this.#size = 0;
    return all;
  }

  #put(call: PendingCall): void {
    const place = call.token & (this.#places.length - 1);
    if (this.#places[place] === undefined) this.#places[place] = call;
    else this.#others.set(call.token, call);
  }

  #grow(): void {
    const places = Math.max(FIRST_PLACES, 2 * this.#places.length);
    if (places > MOST_PLACES) return;
    const all = this.#all();
    this.#others.clear();
    this.#places = new Array<PendingCall | undefined>(places).fill(undefined);
    for (const call of all) this.#put(call);
  }

  #all(): PendingCall[] {
    const placed = this.#places.filter((call) => call !== undefined);
    return [...placed, ...this.#others.values()].sort((a, b) => a.token - b.token);
  }
}
