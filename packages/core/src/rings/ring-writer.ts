// The producer's end of a record ring, for small messages: `ring/record_ring.h` in JavaScript, as far
// as all is ordinary. Everything else is the core's, which goes on from the same place.

import { REQUEST_HEADER_BYTES } from '../messages.js';
import {
  KIND_MESSAGE,
  MOST_BYTES_WRITTEN,
  PRODUCER,
  RECORD_ALIGNMENT,
  RECORD_HEADER_BYTES,
} from './layout.js';
import { publish } from './publish.js';

// V8 would look for it in each view.
const { set } = Uint8Array.prototype;

/** Where a ring lies in a memory: its first byte, and its size, a power of two. */
export interface RingPlace {
  readonly at: number;
  readonly bytes: number;
}

export class RingWriter {
  readonly #words: Int32Array;
  readonly #all: Uint8Array;
  readonly #ring: number;
  readonly #limit: number;
  readonly #mask: number;
  readonly #ledger: Int32Array;
  readonly #tail: number;
  readonly #head: number;
  readonly #refused: number;

  /** `ours` is the memory of our own that the ring lies in. */
  constructor(ours: Int32Array, ring: RingPlace, ledger: Int32Array, place: number) {
    this.#words = ours;
    this.#all = new Uint8Array(ours.buffer);
    this.#ring = ring.at >> 2;
    this.#limit = ring.bytes - RECORD_ALIGNMENT;
    this.#mask = ring.bytes - 1;
    this.#ledger = ledger;
    this.#tail = place + PRODUCER.tail;
    this.#head = place + PRODUCER.head;
    this.#refused = place + PRODUCER.refused;
  }

  /**
   * Publishes a message under the sequence number that `low` and `high` are the halves of: a header of
   * `headerBytes` bytes with `id` and, where there is room for it, `status`; then the payload. False:
   * nothing was done.
   */
  put(
    low: number,
    high: number,
    headerBytes: number,
    id: number,
    status: number,
    payload: Uint8Array,
  ): boolean {
    const ledger = this.#ledger;
    const size = headerBytes + payload.length;
    const bytes = RECORD_HEADER_BYTES + size;
    const tail = ledger[this.#tail] as number;
    const next = (tail + bytes + 7) & ~7;
    const used = (next - (ledger[this.#head] as number)) >>> 0;
    if (size > MOST_BYTES_WRITTEN || used > this.#limit || next >>> 0 < tail >>> 0) return false;
    if (ledger[this.#refused] !== 0) return false;

    const words = this.#words;
    const to = this.#ring + ((tail & this.#mask) >> 2);
    // What lay there in an earlier lap must not look like a record.
    words[this.#ring + ((next & this.#mask) >> 2)] = 0;
    words[to + 1] = KIND_MESSAGE;
    words[to + 2] = low;
    words[to + 3] = high;
    words[to + 4] = size;
    words[to + 5] = 0;
    words[to + 6] = id;
    words[to + 7] = 0;
    if (headerBytes > REQUEST_HEADER_BYTES) {
      words[to + 8] = status;
      words[to + 9] = 0;
    }
    // Also of nothing: it stands between what is written and what publishes it.
    set.call(this.#all, payload, to * 4 + RECORD_HEADER_BYTES + headerBytes);
    ledger[this.#tail] = next;
    publish(words, to, bytes);
    return true;
  }
}
