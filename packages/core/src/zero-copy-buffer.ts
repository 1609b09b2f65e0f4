// Memory that both sides of a connection have mapped, for payloads that are not to be copied: the
// native wire's zero-copy buffers, as the API for people gives them.

import { Buffer } from 'node:buffer';
import { checkInteger } from './arguments.js';
import { CoroIpcError } from './errors.js';
import { RESPONSE_HEADER_BYTES } from './messages.js';
import { CS } from './status.js';

const EMPTY = Buffer.alloc(0);
/** The largest payload that a buffer is made for. */
const MAX_BYTES = 2 ** 30 - 65_536;
const PAGE_BYTES = 65_536;

/** Checks the size of a payload; returns the bytes of the memory that holds it, in whole pages. */
export function bufferBytes(name: string, value: unknown): number {
  const bytes = checkInteger(name, value, 1, MAX_BYTES) + RESPONSE_HEADER_BYTES;
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

/** What stands behind a buffer: the connection that it was made for. */
export interface BufferHome {
  memory(number: number): ArrayBuffer;
  /** Messages in it that the other side has not given back. */
  out(number: number): number;
  free(number: number): void;
}

/** The core's number of a buffer. The library's, as the next: not methods, which users would see. */
export let numberOf: (buffer: ZeroCopyBuffer) => number;
/** Throws for a buffer of another connection, or one that was freed. */
export let checkBuffer: (buffer: ZeroCopyBuffer, home: BufferHome | undefined) => void;

/**
 * A zero-copy buffer. It is given to `call`, `callSync`, `respond` or `dispatch` of its own connection
 * in the place of a payload; only its place is sent. What lies in it must not change until it is given
 * back: by the answer to a request, else when `busy` is false.
 */
export class ZeroCopyBuffer implements Disposable {
  static {
    numberOf = (buffer) => buffer.#number;
    checkBuffer = (buffer, home) => {
      if (!(#home in buffer) || buffer.#home !== home) {
        throw new CoroIpcError(CS.ERR_INVALID_PARAM, 'the buffer belongs to another connection');
      }
      if (buffer.#freed) throw new CoroIpcError(CS.ERR_BAD_HANDLE, 'the buffer was freed');
    };
  }

  readonly #bytes: Buffer;
  readonly #number: number;
  readonly #home: BufferHome;
  #length: number;
  #freed = false;

  /** Called by the library alone. */
  constructor(home: BufferHome, number: number, bytes: number) {
    this.#home = home;
    this.#number = number;
    this.#bytes = Buffer.from(home.memory(number), RESPONSE_HEADER_BYTES, bytes);
    this.#length = bytes;
  }

  /**
   * Its memory, which the other side sees while the connection lasts. Empty after `free`; who has got it
   * before still has memory then, which is nobody else's.
   */
  get bytes(): Buffer {
    return this.#freed ? EMPTY : this.#bytes;
  }

  /** How many of its bytes are the payload, from the first on. In the beginning all. */
  get length(): number {
    return this.#length;
  }

  set length(value: number) {
    this.#length = checkInteger('length', value, 0, this.bytes.length);
  }

  /** Whether something in it was sent and not given back. */
  get busy(): boolean {
    return !this.#freed && this.#home.out(this.#number) > 0;
  }

  /**
   * Gives the memory back. A second call does nothing.
   * @throws {CoroIpcError} BUSY while something in it is not given back.
   */
  free(): void {
    if (this.#freed) return;
    try {
      this.#home.free(this.#number);
    } catch (error) {
      // Freed it is; a peer that cannot be told so is gone, which the connection tells by itself.
      if (!CoroIpcError.is(error, CS.ERR_LIBRARY)) throw error;
    }
    this.#freed = true;
  }

  [Symbol.dispose](): void {
    this.free();
  }
}

/** Buffers that were offered and not answered yet. */
export class BufferOffers {
  /** Where the buffers are kept. */
  readonly home: BufferHome;
  readonly #answer: (number: number) => number;
  readonly #pending = new Map<number, { bytes: number; settle: Settle }>();

  /** `answer` is the status that the other side has given; TRY_AGAIN while it has not. */
  constructor(home: BufferHome, answer: (number: number) => number) {
    this.home = home;
    this.#answer = answer;
  }

  get any(): boolean {
    return this.#pending.size > 0;
  }

  /** Waits for the answer to an offer. */
  add(number: number, bytes: number): Promise<ZeroCopyBuffer> {
    return new Promise((resolve, reject) => {
      this.#pending.set(number, { bytes, settle: { resolve, reject } });
    });
  }

  /** Settles what was answered. */
  look(): void {
    for (const [number, { bytes, settle }] of this.#pending) {
      const status = this.#answer(number);
      if (status === CS.ERR_TRY_AGAIN) continue;
      this.#pending.delete(number);
      try {
        if (status !== CS.OK) throw new CoroIpcError(status, 'the other side takes no such buffer');
        settle.resolve(new ZeroCopyBuffer(this.home, number, bytes));
      } catch (error) {
        settle.reject(error);
      }
    }
  }

  /** Rejects everything. */
  fail(error: CoroIpcError): void {
    for (const { settle } of this.#pending.values()) settle.reject(error);
    this.#pending.clear();
  }
}

interface Settle {
  resolve(buffer: ZeroCopyBuffer): void;
  reject(reason: unknown): void;
}
