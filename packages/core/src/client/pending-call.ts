// One call that has been promised an answer: its request, its promise, and what may end it early.
//
// Invariant: it settles once, and leaves no timer and no listener behind when it does.

import { checkStatus, payloadOf } from '../client-engine/answers.js';
import { CoroIpcError } from '../errors.js';
import { CS } from '../status.js';
import { ZeroCopyBuffer } from '../zero-copy-buffer.js';
import { onAbort } from './on-abort.js';

/** What ends a call before its answer. */
export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

// What a promise is settled with, as its constructor says it. One function for all of them, so that none
// is made for a call.
let resolveNew: (payload: Buffer) => void;
let rejectNew: (reason: unknown) => void;
const settlesNew = (
  resolve: (payload: Buffer) => void,
  reject: (reason: unknown) => void,
): void => {
  resolveNew = resolve;
  rejectNew = reject;
};

export class PendingCall {
  readonly id: number;
  readonly promise: Promise<Buffer>;
  /** Names the request while it is in flight. */
  token = 0;
  payload: Uint8Array | ZeroCopyBuffer;
  readonly #resolve: (payload: Buffer) => void;
  readonly #reject: (reason: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #leaveSignal: (() => void) | undefined;

  constructor(id: number, payload: Uint8Array | ZeroCopyBuffer) {
    this.id = id;
    this.payload = payload;
    this.promise = new Promise(settlesNew);
    this.#resolve = resolveNew;
    this.#reject = rejectNew;
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
      this.#leaveSignal = onAbort(signal, () => giveUp(this, signal.reason));
    }
  }

  /** Keeps a payload that is not sent at once from changing under the caller's hands. */
  keepPayload(): void {
    if (!(this.payload instanceof ZeroCopyBuffer)) this.payload = Uint8Array.from(this.payload);
  }

  /** Settles with an answer. */
  answer(status: number, payload: Buffer): void {
    this.#release();
    try {
      checkStatus(this.id, status);
      this.#resolve(payload);
    } catch (error) {
      this.#reject(error);
    }
  }

  /** Settles with an answer, a whole response. */
  answerWith(message: Buffer): void {
    this.#release();
    try {
      this.#resolve(payloadOf(this.id, message));
    } catch (error) {
      this.#reject(error);
    }
  }

  reject(reason: unknown): void {
    this.#release();
    this.#reject(reason);
  }

  #release(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#leaveSignal?.();
  }
}
