// The consumer's end of a record ring, for small messages: `ring/record_ring.h` in JavaScript, as far
// as all is ordinary. Everything else, and all that breaks the rules, is left to the core, which finds
// it where it lies.
//
// The peer may write to the ring at any time. Each word is read once, and what was checked is what is
// used; of the message, that is the copy.

import { bring } from '../arrivals.js';
import { CONSUMER, KIND_MESSAGE, MOST_BYTES_READ, RECORD_HEADER_BYTES } from './layout.js';
import { publish } from './publish.js';
import type { RingPlace } from './ring-writer.js';

export class RingReader {
  readonly #theirs: Int32Array;
  readonly #ring: number;
  readonly #bytes: number;
  readonly #mask: number;
  readonly #sharedTail: number;
  readonly #ours: Int32Array;
  readonly #sharedHead: number;
  readonly #ledger: Int32Array;
  readonly #head: number;
  readonly #tail: number;
  #next = 0;
  #message = 0;

  /** The peer's memory and the word of its tail; the word of our head, in ours. */
  constructor(
    theirs: Int32Array,
    ring: RingPlace,
    sharedTail: number,
    ours: Int32Array,
    sharedHead: number,
    ledger: Int32Array,
    place: number,
  ) {
    this.#theirs = theirs;
    this.#ring = ring.at >> 2;
    this.#bytes = ring.bytes;
    this.#mask = ring.bytes - 1;
    this.#sharedTail = sharedTail;
    this.#ours = ours;
    this.#sharedHead = sharedHead;
    this.#ledger = ledger;
    this.#head = place + CONSUMER.head;
    this.#tail = place + CONSUMER.tail;
  }

  /** Looks so often, at the most, whether there is a record, or a tail that cannot be. */
  wait(looks: number): boolean {
    const theirs = this.#theirs;
    const head = this.#ledger[this.#head] as number;
    for (let left = looks; left > 0; left -= 1) {
      if (Atomics.load(theirs, this.#sharedTail) !== head) return true;
    }
    return this.#beyond();
  }

  // Whether the high halves of head and tail are not the same.
  #beyond(): boolean {
    return this.#theirs[this.#sharedTail + 1] !== this.#ledger[this.#head + 1];
  }

  /**
   * The size of the message that lies first, header included, if it is small and its record is of that
   * sequence number; 0: there is none, or none that is ordinary.
   */
  look(low: number, high: number, headerBytes: number): number {
    const theirs = this.#theirs;
    const head = this.#ledger[this.#head] as number;
    const there = (Atomics.load(theirs, this.#sharedTail) - head) >>> 0;
    const at = this.#ring + ((head & this.#mask) >> 2);
    const bytes = theirs[at] as number;
    const next = (head + bytes + 7) & ~7;
    const message = bytes - RECORD_HEADER_BYTES;
    if (message < headerBytes || message > MOST_BYTES_READ || next >>> 0 < head >>> 0) return 0;
    if (this.#beyond() || there > this.#bytes || (there & 7) !== 0 || (next - head) >>> 0 > there)
      return 0;
    if (theirs[at + 1] !== KIND_MESSAGE || theirs[at + 2] !== low || theirs[at + 3] !== high)
      return 0;
    const size = theirs[at + 4] as number;
    if (size < headerBytes || size > message) return 0;
    this.#next = next;
    this.#message = at + 4;
    return size;
  }

  /** Copies that message to the arrivals: where it is there. */
  bring(size: number): number {
    return bring(this.#theirs, this.#message, size);
  }

  /** A word of it, which the peer may be changing: to be read once. */
  word(index: number): number {
    return this.#theirs[this.#message + index] as number;
  }

  /** Copies `bytes` bytes of it, from the word `index` on, to the beginning of `into`. */
  copy(index: number, bytes: number, into: Uint8Array): void {
    let word = 0;
    for (let at = 0; at < bytes; at += 1) {
      word = (at & 3) === 0 ? this.word(index + (at >> 2)) : word >> 8;
      into[at] = word;
    }
  }

  /** Gives its room back. */
  pop(): void {
    const ledger = this.#ledger;
    const next = this.#next;
    // What is read there is nothing; the call stands between the message and what gives its room back.
    Atomics.load(this.#theirs, this.#sharedTail);
    ledger[this.#head] = next;
    // The core looks anew at how far the peer has come.
    ledger[this.#tail] = next;
    ledger[this.#tail + 1] = ledger[this.#head + 1] as number;
    publish(this.#ours, this.#sharedHead, next);
  }
}
