// Where small messages arrive: the core writes them one after another into a buffer of JavaScript's,
// and each is seen from here through a Buffer of its own, without a copy. When one is full the next
// takes its place; a message that somebody keeps keeps its neighbours' memory, as with Node's own
// pool of Buffers. `native/js/scratch.h` is the other side.
//
// A user may detach the buffer (`payload.buffer.transfer()`): the core looks each time it writes.

import * as workerThreads from 'node:worker_threads';
import { native } from './native.js';
import { HEAD_OFFSET, scratchInts } from './scratch.js';

const BYTES = 16_384;
/** Messages beyond this size get memory of their own. */
export const SMALL_BYTES = 4096;

let memory: ArrayBuffer = new ArrayBuffer(0);
let ints: Int32Array = new Int32Array(memory);
let doubles: Float64Array = new Float64Array(memory);

/** Begins a new buffer. */
export function renewArrivals(): void {
  memory = Buffer.allocUnsafeSlow(BYTES).buffer as ArrayBuffer;
  // Not every runtime has it. Without it a transfer takes the messages along, but nothing else.
  workerThreads.markAsUntransferable?.(memory);
  ints = new Int32Array(memory);
  doubles = new Float64Array(memory);
  native.arrivals(memory);
}

/** Where the message that the core just brought begins; negative: it has to be fetched. */
export function arrivedAt(): number {
  return scratchInts[HEAD_OFFSET] as number;
}

/** Bytes of what has just arrived. */
export function arrived(offset: number, bytes: number): Buffer {
  return Buffer.from(memory, offset, bytes);
}

/** A 32-bit word of what has just arrived. */
export function arrivedInt(offset: number): number {
  return ints[offset >> 2] as number;
}

/** A double of what has just arrived. */
export function arrivedDouble(offset: number): number {
  return doubles[offset >> 3] as number;
}

/** Several messages that have arrived, to be taken one by one, also when others came meanwhile. */
export class Batch {
  readonly #memory = memory;
  readonly #ints = ints;
  #alone: Buffer | undefined;
  #offset = arrivedAt();
  left: number;

  constructor(count: number) {
    this.left = count;
  }

  /** One message that has memory of its own. */
  static of(message: Buffer): Batch {
    const batch = new Batch(1);
    batch.#alone = message;
    return batch;
  }

  /** The next message. Precondition: one is left. */
  next(): Buffer {
    this.left -= 1;
    if (this.#alone !== undefined) return this.#alone;
    const offset = this.#offset;
    const size = this.#ints[offset >> 2] as number;
    this.#offset = (offset + size + 7) & ~7;
    return Buffer.from(this.#memory, offset, size);
  }
}
