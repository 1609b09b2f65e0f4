// Where small messages arrive: the core writes them one after another into a buffer of JavaScript's,
// and each is seen from here through a Buffer of its own, without a copy. When one is full the next
// takes its place; a message that somebody keeps keeps its neighbours' memory, as with Node's own
// pool of Buffers. `native/js/scratch.h` is the other side.
//
// A user may detach the buffer (`payload.buffer.transfer()`): the core looks each time it writes.

import { Buffer } from 'node:buffer';
import * as workerThreads from 'node:worker_threads';
import type { DispatchMessage } from './dispatch-message.js';
import { ID_AT, RESPONSE_HEADER_BYTES } from './messages.js';
import { native } from './native.js';
import { HEAD_ARRIVED, HEAD_OFFSET, scratchInts } from './scratch.js';
import { view } from './view.js';

const BYTES = 16_384;
/** Messages beyond this size get memory of their own: those with a payload of more than 4 KiB. */
export const SMALL_BYTES: number = 4096 + RESPONSE_HEADER_BYTES;

let memory: ArrayBuffer = new ArrayBuffer(0);
let all: Uint8Array = new Uint8Array(memory);
let ints: Int32Array = new Int32Array(memory);
let doubles: Float64Array = new Float64Array(memory);
// Eight bytes at a time, whatever they are: a double would not keep all of them as they were.
let longs: BigInt64Array = new BigInt64Array(memory);

// A view that was made ahead.
let ahead: Buffer | undefined;
let aheadOffset = 0;

/** What becomes of an answer that has arrived. */
export type TakeAnswer = (token: number, status: number, payload: Buffer) => void;

/** Begins a new buffer. */
export function renewArrivals(): void {
  memory = Buffer.allocUnsafeSlow(BYTES).buffer as ArrayBuffer;
  // Not every runtime has it. Without it a transfer takes the messages along, but nothing else.
  workerThreads.markAsUntransferable?.(memory);
  all = new Uint8Array(memory);
  ints = new Int32Array(memory);
  doubles = new Float64Array(memory);
  longs = new BigInt64Array(memory);
  ahead = undefined;
  native.arrivals(memory);
}

/** Where the message that the core just brought begins; negative: it has to be fetched. */
export function arrivedAt(): number {
  return scratchInts[HEAD_OFFSET] as number;
}

/** Bytes of what has just arrived. */
export function arrived(offset: number, bytes: number): Buffer {
  const made = ahead;
  if (made !== undefined && aheadOffset === offset && made.length === bytes) {
    ahead = undefined;
    return made;
  }
  return view(memory, offset, bytes);
}

/**
 * Makes the view of the next small message's payload ahead, as if that were of so many bytes, behind a
 * header: while nothing else is to be done, since a view takes longer than to copy the message.
 */
export function makeAhead(headerBytes: number, bytes: number): void {
  const offset = (scratchInts[HEAD_ARRIVED] as number) + headerBytes;
  if (ahead !== undefined && aheadOffset === offset && ahead.length === bytes) return;
  if (offset + bytes > memory.byteLength) return;
  ahead = view(memory, offset, bytes);
  aheadOffset = offset;
}

/** The id of the message that has just arrived there. */
export function arrivedId(offset: number): number {
  return ints[(offset + ID_AT) >> 2] as number;
}

/** A 32-bit word of what has just arrived. */
export function arrivedInt(offset: number): number {
  return ints[offset >> 2] as number;
}

/**
 * Copies a small message of `size` bytes that lies in `from`, from the eight bytes `at` on: where it is here.
 * That is the size in its header then, whatever was written there after it was checked.
 */
export function bring(from: BigInt64Array, at: number, size: number): number {
  const count = (size + 7) >> 3;
  if (((scratchInts[HEAD_ARRIVED] as number) >> 3) + count > longs.length) renewArrivals();
  const offset = scratchInts[HEAD_ARRIVED] as number;
  const to = offset >> 3;
  let index = 0;
  for (; index + 3 < count; index += 4) {
    longs[to + index] = from[at + index] as bigint;
    longs[to + index + 1] = from[at + index + 1] as bigint;
    longs[to + index + 2] = from[at + index + 2] as bigint;
    longs[to + index + 3] = from[at + index + 3] as bigint;
  }
  for (; index < count; index += 1) longs[to + index] = from[at + index] as bigint;
  ints[offset >> 2] = size;
  scratchInts[HEAD_ARRIVED] = offset + count * 8;
  return offset;
}

/**
 * Copies `bytes` bytes of the last message, from `from` on, to the beginning of `into`, as far as there is
 * room, and takes the message back: the next one comes where it was, at `offset`.
 */
export function moveArrived(offset: number, from: number, bytes: number, into: Uint8Array): void {
  const count = Math.min(bytes, into.length);
  for (let index = 0; index < count; index += 1) into[index] = all[from + index] as number;
  scratchInts[HEAD_ARRIVED] = offset;
}

/** A double of what has just arrived. */
export function arrivedDouble(offset: number): number {
  return doubles[offset >> 3] as number;
}

/** Several dispatch messages that have arrived, to be taken one by one, also when others came meanwhile. */
export class Batch {
  readonly #memory = memory;
  readonly #ints = ints;
  #alone: DispatchMessage | undefined;
  #offset = arrivedAt();
  left: number;

  constructor(count: number) {
    this.left = count;
  }

  /** One message that has memory of its own. */
  static of(message: DispatchMessage): Batch {
    const batch = new Batch(1);
    batch.#alone = message;
    return batch;
  }

  /** All that are left. */
  rest(): DispatchMessage[] {
    const messages = new Array<DispatchMessage>(this.left);
    for (let index = 0; index < messages.length; index += 1) messages[index] = this.next();
    return messages;
  }

  /** The next message. Precondition: one is left. */
  next(): DispatchMessage {
    this.left -= 1;
    if (this.#alone !== undefined) return this.#alone;
    const offset = this.#offset;
    const ints = this.#ints;
    const at = offset >> 2;
    const size = ints[at] as number;
    this.#offset = (offset + size + 7) & ~7;
    return {
      id: ints[at + 2] as number,
      status: ints[at + 4] as number,
      payload: view(this.#memory, offset + RESPONSE_HEADER_BYTES, size - RESPONSE_HEADER_BYTES),
    };
  }
}
