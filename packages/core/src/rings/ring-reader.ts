// The consumer's end of a record ring, for small messages: `ring/record_ring.h` in JavaScript, as far
// as all is ordinary. Everything else, and all that breaks the rules, is left to the core, which finds
// it where it lies.
//
// The peer may write to the ring at any time. Each word is read once, and what was checked is what is
// used; of the message, that is the copy.

import { bring } from '../arrivals.js';
import {
  CONSUMER,
  KIND_MESSAGE,
  MOST_BYTES_READ,
  RECORD_ALIGNMENT,
  RECORD_HEADER_BYTES,
} from './layout.js';
import { publish } from './publish.js';
import type { RingPlace } from './ring-writer.js';

/** Of a line of the cache. The ring's memory goes on behind its end, which is its beginning again. */
const LINE_WORDS = 16;

export class RingReader {
  readonly #theirs: Int32Array;
  readonly #longs: BigInt64Array;
  readonly #ring: number;
  readonly #limit: number;
  readonly #mask: number;
  readonly #ours: Int32Array;
  readonly #sharedHead: number;
  readonly #ledger: Int32Array;
  readonly #head: number;
  #next = 0;
  #message = 0;

  /** The peer's memory, and where the ring lies in it; the word of our head, in ours. */
  constructor(
    theirs: Int32Array,
    ring: RingPlace,
    ours: Int32Array,
    sharedHead: number,
    ledger: Int32Array,
    place: number,
  ) {
    this.#theirs = theirs;
    this.#longs = new BigInt64Array(theirs.buffer);
    this.#ring = ring.at >> 2;
    this.#limit = ring.bytes - RECORD_ALIGNMENT;
    this.#mask = ring.bytes - 1;
    this.#ours = ours;
    this.#sharedHead = sharedHead;
    this.#ledger = ledger;
    this.#head = place + CONSUMER.head;
  }

  /** Looks so often, at the most, for a record: how many bytes it says that it has, or 0. */
  wait(looks: number): number {
    const theirs = this.#theirs;
    const at = this.#first();
    let bytes = Atomics.load(theirs, at);
    for (let left = looks; bytes === 0 && left > 1; left -= 1) {
      // A small message has two lines of the cache, or three, and each takes its time from CPU to CPU.
      // Who has looked at all of them gets all at once. What is read there is nothing.
      Atomics.load(theirs, at + 2 * LINE_WORDS);
      Atomics.load(theirs, at + LINE_WORDS);
      bytes = Atomics.load(theirs, at);
    }
    return bytes;
  }

  /**
   * The size of the message in the record that `wait` has found, header included, if it is small and the
   * record is of that sequence number; 0: it is not ordinary.
   */
  look(bytes: number, low: number, high: number, headerBytes: number): number {
    const theirs = this.#theirs;
    const at = this.#first();
    const head = this.#ledger[this.#head] as number;
    const next = (head + bytes + 7) & ~7;
    const message = bytes - RECORD_HEADER_BYTES;
    if (message < headerBytes || message > MOST_BYTES_READ || next >>> 0 < head >>> 0) return 0;
    if (bytes > this.#limit) return 0;
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
    return bring(this.#longs, this.#message >> 1, size);
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
    const next = this.#next;
    // What is read there is nothing; the call stands between the message and what gives its room back.
    Atomics.load(this.#theirs, this.#message);
    this.#ledger[this.#head] = next;
    publish(this.#ours, this.#sharedHead, next);
  }

  // The word that says whether there is a record.
  #first(): number {
    return this.#ring + (((this.#ledger[this.#head] as number) & this.#mask) >> 2);
  }
}
