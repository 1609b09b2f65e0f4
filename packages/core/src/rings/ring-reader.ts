// The consumer's end of a record ring, for small messages: `ring/record_ring.h` in JavaScript, as far
// as all is ordinary. Everything else, and all that breaks the rules, is left to the core, which finds
// it where it lies.
//
// The peer may write to the ring at any time. Each word is read once, and what was checked is what is
// used; of the message, that is the copy.

import { arrivedId, bring, makeAhead } from '../arrivals.js';
import {
  CONSUMER,
  KIND_MESSAGE,
  MOST_BYTES_READ,
  RECORD_ALIGNMENT,
  RECORD_HEADER_BYTES,
} from './layout.js';
import { publish } from './publish.js';
import type { RingPlace } from './ring-writer.js';

/** What `next` says where it brings nothing: there is no record, or one that is not ordinary. */
export const NONE = -1;
export const ODD = -2;

/**
 * Of a line of the cache. A small message has two of them, or three, and each takes its time from CPU to
 * CPU: who looks at all of them while waiting gets all at once. What is read there is nothing. The
 * ring's memory goes on behind its end, which is its beginning again.
 */
const LINE_WORDS = 16;

export class RingReader {
  /** Bytes of the message that was brought last, header included. */
  size: number;
  readonly #theirs: Int32Array;
  readonly #longs: BigInt64Array;
  readonly #ring: number;
  readonly #limit: number;
  readonly #mask: number;
  readonly #headerBytes: number;
  readonly #idLimit: number;
  readonly #ours: Int32Array;
  readonly #sharedHead: number;
  readonly #ledger: Int32Array;
  readonly #head: number;

  /**
   * The peer's memory, where the ring lies in it, how many bytes its messages have at least, and below
   * what their ids are; the word of our head, in ours.
   */
  constructor(
    theirs: Int32Array,
    ring: RingPlace,
    headerBytes: number,
    idLimit: number,
    ours: Int32Array,
    sharedHead: number,
    ledger: Int32Array,
    place: number,
  ) {
    this.size = headerBytes;
    this.#theirs = theirs;
    this.#longs = new BigInt64Array(theirs.buffer);
    this.#ring = ring.at >> 2;
    this.#limit = ring.bytes - RECORD_ALIGNMENT;
    this.#mask = ring.bytes - 1;
    this.#headerBytes = headerBytes;
    this.#idLimit = idLimit;
    this.#ours = ours;
    this.#sharedHead = sharedHead;
    this.#ledger = ledger;
    this.#head = place + CONSUMER.head;
  }

  /** Looks so often, at the most, whether there is a record. */
  wait(looks: number): boolean {
    const theirs = this.#theirs;
    const at = this.#ring + (((this.#ledger[this.#head] as number) & this.#mask) >> 2);
    for (let left = looks; left > 0; left -= 1) {
      if (Atomics.load(theirs, at) !== 0) return true;
      Atomics.load(theirs, at + 2 * LINE_WORDS);
      Atomics.load(theirs, at + LINE_WORDS);
    }
    return false;
  }

  /**
   * Looks so often, at the most, for the record of that sequence number, takes its message, and gives its
   * room back: where in the arrivals the message is, with `size`. NONE, or ODD: nothing was done.
   */
  next(looks: number, low: number, high: number): number {
    const theirs = this.#theirs;
    const ledger = this.#ledger;
    const head = ledger[this.#head] as number;
    const at = this.#ring + ((head & this.#mask) >> 2);
    let bytes = Atomics.load(theirs, at);
    if (bytes === 0) {
      if (looks === 1) return NONE;
      makeAhead(this.#headerBytes, this.size - this.#headerBytes);
      for (let left = looks; bytes === 0 && left > 1; left -= 1) {
        Atomics.load(theirs, at + 2 * LINE_WORDS);
        Atomics.load(theirs, at + LINE_WORDS);
        bytes = Atomics.load(theirs, at);
      }
      if (bytes === 0) return NONE;
    }
    const next = (head + bytes + 7) & ~7;
    const most = bytes - RECORD_HEADER_BYTES;
    const least = this.#headerBytes;
    if (most < least || most > MOST_BYTES_READ || next >>> 0 < head >>> 0) return ODD;
    if (bytes > this.#limit) return ODD;
    if (theirs[at + 1] !== KIND_MESSAGE) return ODD;
    if (theirs[at + 2] !== low || theirs[at + 3] !== high) return ODD;
    const size = theirs[at + 4] as number;
    if (size < least || size > most) return ODD;
    const offset = bring(this.#longs, (at + 4) >> 1, size);
    if (arrivedId(offset) >>> 0 >= this.#idLimit) return ODD;
    this.size = size;
    ledger[this.#head] = next;
    publish(this.#ours, this.#sharedHead, next);
    return offset;
  }
}
