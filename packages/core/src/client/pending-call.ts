// One call that has been promised an answer: its request, its promise, and what may end it early.
//
// Invariant: it settles once, and leaves no timer and no listener behind when it does.

import { CoroIpcError } from '../errors.js';
import { RESPONSE_HEADER_BYTES } from '../messages.js';
import { CS } from '../status.js';

/** What ends a call before its answer. */
export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The payload of a whole response. A status other than OK is thrown; 0 counts as OK, since some
 * services written against the C library never set the field.
 */
export function answerOf(id: number, message: Buffer): Buffer {
  if (message.length < RESPONSE_HEADER_BYTES) {
    throw new CoroIpcError(CS.ERR_MESSAGE_ERROR, `the answer to request ${id} has no header`);
  }
  const status = message.readInt32LE(16);
  if (status !== CS.OK && status !== 0) throw new CoroIpcError(status, `request ${id}`);
  return message.subarray(RESPONSE_HEADER_BYTES);
}

export class PendingCall {
  readonly id: number;
  readonly promise: Promise<Buffer>;
  /** Names the request while it is in flight. */
  token = 0;
  payload: Uint8Array;
  #resolve!: (payload: Buffer) => void;
  #reject!: (reason: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;

  constructor(id: number, payload: Uint8Array) {
    this.id = id;
    this.payload = payload;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Has `giveUp` called when the time is over or the signal aborts, unless it settles before. */
  limit(limits: CallLimits, giveUp: (call: PendingCall, reason: unknown) => void): void {
    const { timeoutMs, signal } = limits;
    if (timeoutMs >= 0) {
      this.#timer = setTimeout(() => {
        const what = `no answer to request ${this.id} within ${timeoutMs} ms`;
        giveUp(this, new CoroIpcError(CS.ERR_TIMEOUT, what));
      }, timeoutMs);
      // The client's own watches say whether the process lives on.
      this.#timer.unref();
    }
    if (signal !== undefined) {
      this.#signal = signal;
      this.#onAbort = () => giveUp(this, signal.reason);
      signal.addEventListener('abort', this.#onAbort, { once: true });
    }
  }

  /** Keeps a payload that is not sent at once from changing under the caller's hands. */
  keepPayload(): void {
    this.payload = Uint8Array.from(this.payload);
  }

  /** Settles with the answer, a whole response. */
  answer(message: Buffer): void {
    this.#release();
    try {
      this.#resolve(answerOf(this.id, message));
    } catch (error) {
      this.#reject(error);
    }
  }

  reject(reason: unknown): void {
    this.#release();
    this.#reject(reason);
  }

  #release(): void {
    clearTimeout(this.#timer);
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
