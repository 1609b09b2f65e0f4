// The calls of an IpcClient. The classic wire has one request outstanding at a time, so calls
// wait in a queue, first come first served, and the bell tells of the outstanding one's answer.
//
// Invariants: `#outstanding` is the call whose request the core has. (After one that was given up,
// the core holds the next request back until the late answer has come.) A synchronous call goes
// before those that wait, and after the one that is outstanding.

import { performance } from 'node:perf_hooks';
import type { ClientEngine } from '../client-engine/engine.js';
import { CoroIpcError } from '../errors.js';
import { releaseParts, requestParts } from '../messages.js';
import { POLLIN, type PollAdapter, type PollHandle } from '../poll/contract.js';
import { CS } from '../status.js';
import { answerOf, type CallLimits, PendingCall } from './pending-call.js';

/** Answers taken in one turn before the loop gets its own. */
const ANSWERS_PER_TURN = 64;

export class CallQueue {
  readonly #engine: ClientEngine;
  readonly #adapter: PollAdapter;
  readonly #waiting = new Set<PendingCall>();
  readonly #giveUp = (call: PendingCall, reason: unknown): void => this.#end(call, reason);
  #outstanding: PendingCall | undefined;
  #bell: PollHandle | undefined;
  #bellStopped = false;
  #ref = true;

  constructor(engine: ClientEngine, adapter: PollAdapter) {
    this.#engine = engine;
    this.#adapter = adapter;
  }

  /** Queues a call, or sends it at once when nothing is outstanding. */
  call(id: number, payload: Uint8Array, limits: CallLimits): Promise<Buffer> {
    const call = new PendingCall(id, payload);
    if (limits.signal?.aborted) {
      call.reject(limits.signal.reason);
      return call.promise;
    }
    try {
      this.#watchBell();
    } catch (error) {
      call.reject(error);
      return call.promise;
    }
    call.limit(limits, this.#giveUp);
    this.#waiting.add(call);
    if (this.#outstanding === undefined && this.#waiting.size === 1) this.#pump();
    if (this.#waiting.has(call)) call.keepPayload();
    return call.promise;
  }

  /** Sends a request and blocks until its answer is there. */
  callSync(id: number, payload: Uint8Array, timeoutMs: number): Buffer {
    this.#engine.checkBlocking('callSync');
    const deadline = timeoutMs < 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    if (this.#outstanding !== undefined) this.#awaitOutstanding(this.#outstanding, timeoutMs);
    try {
      const parts = requestParts(id, payload);
      const size = this.#engine.exchange(parts, timeoutMs < 0 ? -1 : remaining(deadline));
      return answerOf(id, this.#engine.receive(size));
    } finally {
      releaseParts();
      if (this.#waiting.size > 0) this.#adapter.pollJobAdd(() => this.#pump());
    }
  }

  /** Takes an answer that may have come; then rejects everything else. */
  fail(error: CoroIpcError): void {
    if (this.#outstanding !== undefined && !this.#engine.closed) this.#look();
    this.#bell?.destroy();
    this.#bell = undefined;
    const outstanding = this.#outstanding;
    this.#outstanding = undefined;
    outstanding?.reject(error);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const call of waiting) call.reject(error);
  }

  /** Whether the bell keeps the process alive. */
  ref(on: boolean): void {
    this.#ref = on;
    if (on) this.#bell?.ref();
    else this.#bell?.unref();
  }

  #watchBell(): void {
    if (this.#bell !== undefined) return;
    this.#bell = this.#adapter.pollDispatchAdd(this.#engine.bell, () => this.#ring());
    if (!this.#ref) this.#bell.unref();
  }

  #ring(): void {
    if (this.#outstanding === undefined && this.#waiting.size === 0) this.#silence();
    else this.#pump();
  }

  // Takes the answer of what is outstanding, and sends what waits, as long as that goes at once.
  #pump(): void {
    for (let left = ANSWERS_PER_TURN; left > 0; left -= 1) {
      if (this.#engine.closed) return;
      if (this.#outstanding === undefined) {
        const next = this.#waiting.values().next().value;
        if (next === undefined) return;
        this.#send(next);
      }
      if (this.#outstanding !== undefined && !this.#look()) return;
    }
    this.#adapter.pollJobAdd(() => this.#pump());
  }

  #send(call: PendingCall): void {
    this.#waiting.delete(call);
    try {
      this.#engine.send(requestParts(call.id, call.payload));
      this.#outstanding = call;
    } catch (error) {
      call.reject(error);
    } finally {
      releaseParts();
    }
    if (this.#bellStopped) {
      this.#bellStopped = false;
      this.#bell?.modify(POLLIN);
    }
  }

  // Looks for the outstanding answer and has the bell ring if it is not there: whether the call
  // is settled.
  #look(): boolean {
    const call = this.#outstanding;
    if (call === undefined) return true;
    try {
      const size = this.#engine.arm();
      if (size === 0) return false;
      call.answer(this.#engine.receive(size));
      this.#outstanding = undefined;
    } catch (error) {
      this.#outstanding = undefined;
      call.reject(error);
    }
    return true;
  }

  // The bell rang for an answer that was taken already, or for a late one. The core silences it
  // when it looks for the latter; else it is not listened to until there is a reason again.
  #silence(): void {
    try {
      this.#engine.arm();
    } catch (error) {
      if (!CoroIpcError.is(error)) throw error;
      this.#bellStopped = true;
      this.#bell?.modify(0);
    }
  }

  // However the outstanding call ends, it does not concern the one that waits for it; unless it
  // does not end.
  #awaitOutstanding(call: PendingCall, timeoutMs: number): void {
    try {
      const size = this.#engine.awaitAnswer(timeoutMs);
      if (size > 0) {
        this.#outstanding = undefined;
        call.answer(this.#engine.receive(size));
        return;
      }
    } catch (error) {
      this.#outstanding = undefined;
      call.reject(error);
      return;
    }
    if (this.#look()) return;
    const what = `the call before is not answered within ${timeoutMs} ms`;
    throw new CoroIpcError(CS.ERR_TIMEOUT, what);
  }

  #end(call: PendingCall, reason: unknown): void {
    call.reject(reason);
    if (this.#waiting.delete(call) || this.#outstanding !== call) return;
    this.#outstanding = undefined;
    if (this.#engine.closed) return;
    this.#engine.abandon();
    this.#pump();
  }
}

function remaining(deadline: number): number {
  return Math.max(0, Math.ceil(deadline - performance.now()));
}
