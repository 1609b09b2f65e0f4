// Payloads that lie in the server's zero-copy buffers, and in which of them.

import type { DispatchMessage } from '../dispatch-message.js';
import { RESPONSE_HEADER_BYTES } from '../messages.js';
import { native } from '../native.js';
import {
  HEAD_CONNECTION,
  HEAD_ID,
  HEAD_OFFSET,
  HEAD_STATUS,
  HEAD_ZERO_COPY,
  scratchDoubles,
  scratchInts,
} from '../scratch.js';
import { view } from '../view.js';

export class InPlace {
  readonly #client: number;
  readonly #buffers = new WeakMap<Uint8Array, number>();

  /** Has the core of a client tell of such messages by their place from now on. */
  constructor(client: number) {
    this.#client = client;
    native.clientInPlace(client, true);
  }

  /** Whether what the core has just brought is one. */
  get here(): boolean {
    return scratchInts[HEAD_ZERO_COPY] === 1;
  }

  /** That message, of `size` bytes with its header; held until `release`. */
  take(size: number): DispatchMessage {
    // What the scratch says is taken before anything else is called.
    const number = scratchDoubles[HEAD_CONNECTION] as number;
    const offset = (scratchInts[HEAD_OFFSET] as number) + RESPONSE_HEADER_BYTES;
    const id = scratchInts[HEAD_ID] as number;
    const status = scratchInts[HEAD_STATUS] as number;
    const memory = native.clientPeerMemory(this.#client, number);
    const payload = view(memory, offset, size - RESPONSE_HEADER_BYTES);
    this.#buffers.set(payload, number);
    return { id, status, payload };
  }

  /** Gives a payload back; false for bytes that lie in no buffer, or were given back. */
  release(payload: Uint8Array): boolean {
    const buffer = this.#buffers.get(payload);
    if (buffer === undefined) return false;
    this.#buffers.delete(payload);
    native.clientRelease(this.#client, buffer);
    return true;
  }
}
