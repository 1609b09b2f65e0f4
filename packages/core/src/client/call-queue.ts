// The calls of an IpcClient: those whose requests are in flight, by token, and those that wait for
// room, first come first served. The classic wire has room for one at a time.
//
// Invariants: a call is in one of the two sets until it settles, and the second one is bounded. A
// request that was given up leaves a
// late answer behind, which is wanted too: it takes up room until it was dropped.

import { performance } from 'node:perf_hooks';
import { checkFits } from '../client-engine/answers.js';
import type { ClientEngine } from '../client-engine/engine.js';
import { CoroIpcError } from '../errors.js';
import { WANTS_ANSWERS, WANTS_ROOM } from '../native.js';
import { CS } from '../status.js';
import type { ZeroCopyBuffer } from '../zero-copy-buffer.js';
import { CallsInFlight } from './in-flight.js';
import { type CallLimits, PendingCall } from './pending-call.js';

/** What a queue needs of the client's turns. */
export interface CallTurns {
  /** Has what answers need watched; throws when that fails. */
  watchAnswers(): void;
  /** Arranges for a turn. */
  later(): void;
}

/** How many calls may wait for room, and how many bytes of theirs. */
export interface WaitingLimits {
  readonly calls: number;
  readonly bytes: number;
}

export class CallQueue {
  readonly #engine: ClientEngine;
  readonly #turns: CallTurns;
  readonly #limits: WaitingLimits;
  readonly #pending = new CallsInFlight();
  readonly #waiting = new Set<PendingCall>();
  readonly #giveUp = (call: PendingCall, reason: unknown): void => this.#end(call, reason);
  readonly #take = (token: number, status: number, payload: Buffer): void => {
    const call = this.#pending.take(token);
    // Nobody asks any more for an answer that came with the server's end.
    if (call === undefined) return;
    call.answer(status, payload);
  };
  /** Requests given up while in flight, dropped answers included. */
  #abandoned = 0;
  #dropped = 0;
  #waitingBytes = 0;
  #rejected = 0;

  constructor(engine: ClientEngine, turns: CallTurns, limits: WaitingLimits) {
    this.#engine = engine;
    this.#turns = turns;
    this.#limits = limits;
  }

  /** Requests that are in flight and wanted. */
  get inFlight(): number {
    return this.#pending.size;
  }

  /** Calls whose request is still to be sent. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Calls that were rejected because too many waited. */
  get rejected(): number {
    return this.#rejected;
  }

  get lateAnswers(): number {
    if (!this.#engine.closed) this.#dropped = this.#engine.lateAnswers;
    return this.#dropped;
  }

  /** What is to be waited for. */
  wants(): number {
    const answers = this.#pending.size > 0 || this.#abandoned > this.#dropped;
    return (answers ? WANTS_ANSWERS : 0) | (this.#waiting.size > 0 ? WANTS_ROOM : 0);
  }

  /** Sends a call at once, or queues it while there is no room. */
  call(id: number, payload: Uint8Array | ZeroCopyBuffer, limits: CallLimits): Promise<Buffer> {
    const call = new PendingCall(id, payload);
    if (limits.signal?.aborted) {
      call.reject(limits.signal.reason);
      return call.promise;
    }
    try {
      this.#turns.watchAnswers();
      const placed = !ArrayBuffer.isView(payload);
      if ((this.#waiting.size > 0 && !placed) || !this.#send(call)) {
        this.#wait(call);
      }
    } catch (error) {
      call.reject(error);
      return call.promise;
    }
    call.limit(limits, this.#giveUp);
    this.#turns.later();
    return call.promise;
  }

  /** Sends a request and blocks until its answer is there; answers of other calls are kept for them. */
  callSync(id: number, payload: Uint8Array | ZeroCopyBuffer, timeoutMs: number): Buffer {
    this.#engine.checkBlocking('callSync');
    if (ArrayBuffer.isView(payload)) {
      return (
        this.#engine.call(id, payload, timeoutMs) ?? this.#callAfterOthers(id, payload, timeoutMs)
      );
    }
    return this.#engine.callIn(id, payload, timeoutMs) as Buffer;
  }

  /** `callSync` with the answer's payload in `into`: how many bytes it has. */
  callSyncInto(
    id: number,
    payload: Uint8Array | ZeroCopyBuffer,
    timeoutMs: number,
    into: Uint8Array,
  ): number {
    if (ArrayBuffer.isView(payload)) {
      this.#engine.checkBlocking('callSyncInto');
      const bytes = this.#engine.callInto(id, payload, timeoutMs, into);
      if (bytes !== undefined) return bytes;
    }
    const answer = this.callSync(id, payload, timeoutMs);
    try {
      const bytes = checkFits(id, answer.length, into);
      into.set(answer);
      return bytes;
    } finally {
      this.#engine.release(answer);
    }
  }

  /** Takes the answers that are there, and sends what waits for the room; whether there were any. */
  answers(): boolean {
    if (this.wants() === 0) return false;
    const before = this.#pending.size;
    this.#engine.answers(this.#take);
    if (this.#abandoned > this.#dropped) this.#dropped = this.#engine.lateAnswers;
    const some = this.#pending.size < before;
    this.#pump();
    return some;
  }

  /** Takes answers that may have come; then rejects everything else. */
  fail(error: CoroIpcError): void {
    if (!this.#engine.closed) {
      this.#dropped = this.#engine.lateAnswers;
      this.#takeLast();
    }
    const calls = [...this.#pending.takeAll(), ...this.#waiting];
    this.#waiting.clear();
    this.#waitingBytes = 0;
    this.#abandoned = this.#dropped;
    for (const call of calls) call.reject(error);
  }

  #takeLast(): void {
    try {
      if (this.#pending.size > 0) this.#engine.answers(this.#take);
    } catch (error) {
      // That the server is gone is why this is called.
      if (!CoroIpcError.is(error)) throw error;
    }
  }

  #pump(): void {
    for (const call of this.#waiting) {
      try {
        if (!this.#send(call)) return;
        this.#waitsNoMore(call);
      } catch (error) {
        this.#waitsNoMore(call);
        call.reject(error);
      }
    }
  }

  #wait(call: PendingCall): void {
    const { calls, bytes } = this.#limits;
    if (this.#waiting.size >= calls || this.#waitingBytes + call.payload.length > bytes) {
      this.#rejected += 1;
      const what = `${this.#waiting.size} calls of ${this.#waitingBytes} bytes wait for room already`;
      throw new CoroIpcError(
        CS.ERR_TRY_AGAIN,
        `${what} (maxWaiting ${calls}, maxWaitingBytes ${bytes})`,
      );
    }
    call.keepPayload();
    this.#waiting.add(call);
    this.#waitingBytes += call.payload.length;
  }

  #waitsNoMore(call: PendingCall): boolean {
    if (!this.#waiting.delete(call)) return false;
    this.#waitingBytes -= call.payload.length;
    return true;
  }

  // Whether there was room.
  #send(call: PendingCall): boolean {
    const token = ArrayBuffer.isView(call.payload)
      ? this.#engine.send(call.id, call.payload)
      : this.#engine.sendIn(call.id, call.payload);
    if (token === 0) return false;
    call.token = token;
    this.#pending.add(call);
    return true;
  }

  // On the classic wire the request before has to be answered first, whatever comes of it.
  #callAfterOthers(id: number, payload: Uint8Array, timeoutMs: number): Buffer {
    const deadline = timeoutMs < 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    for (;;) {
      const first = this.#pending.first();
      if (first !== undefined) this.#awaitBefore(first, timeoutMs < 0 ? -1 : remaining(deadline));
      const answer = this.#engine.call(id, payload, timeoutMs < 0 ? -1 : remaining(deadline));
      if (answer === undefined) continue;
      if (this.#waiting.size > 0) this.#turns.later();
      return answer;
    }
  }

  #awaitBefore(call: PendingCall, timeoutMs: number): void {
    let size = 0;
    try {
      size = this.#engine.awaitAnswer(call.token, timeoutMs);
    } catch (error) {
      this.#pending.take(call.token);
      call.reject(error);
      return;
    }
    if (size === 0) {
      const what = `the call before is not answered within ${timeoutMs} ms`;
      throw new CoroIpcError(CS.ERR_TIMEOUT, what);
    }
    const message = this.#engine.receive(size);
    this.#pending.take(call.token);
    call.answerWith(message);
  }

  #end(call: PendingCall, reason: unknown): void {
    call.reject(reason);
    if (this.#waitsNoMore(call) || this.#pending.take(call.token) === undefined) return;
    if (this.#engine.closed) return;
    this.#abandoned += 1;
    this.#engine.abandon(call.token);
    this.#turns.later();
  }
}

function remaining(deadline: number): number {
  return Math.max(0, Math.ceil(deadline - performance.now()));
}
