// The client's zero-copy buffers of one connection that requests were seen in, where they lie.
//
// Invariant: the core's word that a buffer was seen is about what `requestView` said last under its number;
// a number gets another buffer when its last one is gone.

import { native } from '../native.js';
import { HEAD_OFFSET, HEAD_SEEN, scratchInts } from '../scratch.js';
import { view } from '../view.js';

export class SeenBuffers {
  readonly #connection: number;
  readonly #memories = new Map<number, ArrayBuffer>();
  #buffer = -1;
  #offset = 0;

  constructor(connection: number) {
    this.#connection = connection;
  }

  /** Where the request that is being served lies; a negative number: the core has to be asked. */
  liesIn(buffer: number, offset: number): void {
    this.#buffer = buffer;
    this.#offset = offset;
  }

  /** That request, of `size` bytes, from its byte `from` on. Undefined where JavaScript may not see it. */
  view(size: number, from: number): Buffer | undefined {
    const known = this.#memories.get(this.#buffer);
    if (known !== undefined) return view(known, this.#offset + from, size - from);
    const memory = native.requestView(this.#connection);
    if (memory === undefined) return undefined;
    const number = scratchInts[HEAD_SEEN] as number;
    if (number >= 0) this.#memories.set(number, memory);
    return view(memory, (scratchInts[HEAD_OFFSET] as number) + from, size - from);
  }
}
