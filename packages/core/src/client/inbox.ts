// The dispatch messages of an IpcClient, from the ring to whoever consumes them, and what comes after
// the last one.
//
// Invariants:
//  - Messages are taken while somebody wants them: there is a sink, and none is paused. Of those that
//    were taken together the rest is kept when that changes.
//  - Flow control that was told is looked after until its end is told: a server may end it after the
//    last message was read, and generation 1.4 of the classic wire then rings for nobody.
//  - After a hang-up what had arrived is delivered, to who is paused too (it is bounded by the
//    ring), and only then the end is told.

import type { Batch } from '../arrivals.js';
import type { ClientEngine } from '../client-engine/engine.js';
import { CoroIpcError } from '../errors.js';
import { WANTS_MESSAGES } from '../native.js';
import { CS } from '../status.js';
import { runTicks } from '../ticks.js';
import {
  type BatchSink,
  type MessageSink,
  MessageSinks,
  type MessageSubscription,
} from './message-sink.js';
import { Delivered } from './turns.js';

/** Messages taken together. */
const MESSAGES_AT_ONCE = 256;
const FIRST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 64;

/** Where news go. Every function may throw, and may close the inbox. */
export interface InboxOutlet {
  flowControl(on: boolean): void;
  /** The server is gone; messages may still follow. */
  hungUp(error: CoroIpcError): void;
  /** The last message has been delivered. */
  over(error: CoroIpcError): void;
  /** Messages may be wanted that were not, or the reverse. */
  changed(): void;
}

export class Inbox {
  readonly #engine: ClientEngine;
  readonly #outlet: InboxOutlet;
  readonly #sinks: MessageSinks;
  #batch: Batch | undefined;
  /** How often changed what decides whether the next message is delivered. */
  #changes = 0;
  #flowControlled = false;
  #look: NodeJS.Timeout | undefined;
  #lookMs = FIRST_LOOK_MS;
  #hungUp: CoroIpcError | undefined;
  #closed = false;

  constructor(engine: ClientEngine, outlet: InboxOutlet) {
    this.#engine = engine;
    this.#outlet = outlet;
    this.#sinks = new MessageSinks(() => {
      this.#changes += 1;
      if (!this.#closed && this.#hungUp === undefined) outlet.changed();
    });
  }

  /** What is to be waited for. */
  get wants(): number {
    return this.#sinks.wanted ? WANTS_MESSAGES : 0;
  }

  /**
   * Whether the server holds messages back. Who asks may be ahead of the turn that would tell of a
   * change; everybody is told then, so that nobody hears of an end without a beginning.
   */
  get flowControlled(): boolean {
    const on = this.#engine.flowControlled;
    if (on !== this.#flowControlled) {
      this.#flowControlled = on;
      queueMicrotask(() => {
        if (!this.#closed) this.#outlet.flowControl(on);
      });
    }
    return on;
  }

  /** Delivers to `sink`, too, what is still to be read; not after the end. */
  subscribe(sink: MessageSink | BatchSink): MessageSubscription {
    return this.#sinks.add(sink);
  }

  /** Tells the sinks of the end: plainly, or with the error. */
  close(error?: CoroIpcError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#changes += 1;
    clearTimeout(this.#look);
    this.#sinks.end(error);
  }

  /** The server is gone: what had arrived is delivered, and then the end is told. */
  hangUp(cause?: CoroIpcError): void {
    if (this.#hungUp !== undefined || this.#closed) return;
    this.#changes += 1;
    const what = `the server of "${this.#engine.name}" is gone`;
    this.#hungUp = new CoroIpcError(CS.ERR_LIBRARY, what, { cause });
    this.#outlet.hungUp(this.#hungUp);
  }

  /** Delivers the next messages that are there and wanted, so many at the most. */
  messages(most: number): Delivered {
    let delivered: Delivered = Delivered.nothing;
    for (let left = most; left > 0; ) {
      const batch = this.#nextBatch();
      if (batch === undefined) break;
      delivered = Delivered.some;
      const changes = this.#changes;
      do {
        left -= 1;
        const message = this.#sinks.batched ? batch.rest() : batch.next();
        const later = this.#sinks.deliver(message);
        if (runTicks !== undefined) runTicks();
        else if (later) return Delivered.left;
      } while (batch.left > 0 && left > 0 && changes === this.#changes);
    }
    return delivered;
  }

  // Messages that are there and wanted, one at least.
  #nextBatch(): Batch | undefined {
    if (this.#closed) return undefined;
    const { any, wanted } = this.#sinks;
    if (this.#hungUp === undefined ? !wanted : !any) return this.#nothing();
    if (this.#batch !== undefined && this.#batch.left > 0) return this.#batch;
    try {
      this.#batch = this.#engine.takeSome(MESSAGES_AT_ONCE);
    } catch (error) {
      if (!(error instanceof CoroIpcError)) throw error;
      this.hangUp(error);
      return this.#nothing();
    }
    if (this.#batch === undefined) return this.#nothing();
    // What was read with them may say that the server queues, and what is read next that it does not.
    this.#tellFlowControl();
    if (this.#closed || (this.#hungUp === undefined && !this.#sinks.wanted)) return undefined;
    return this.#batch;
  }

  /** A turn has come to its end. */
  rest(): void {
    if (!this.#closed) this.#tellFlowControl();
  }

  #nothing(): undefined {
    if (this.#hungUp !== undefined) {
      const error = this.#hungUp;
      this.close(error);
      this.#outlet.over(error);
    }
  }

  #tellFlowControl(): void {
    const on = this.#engine.flowControlled;
    if (on && this.#sinks.wanted && this.#hungUp === undefined) this.#lookLater();
    if (!on) this.#lookMs = FIRST_LOOK_MS;
    if (on === this.#flowControlled) return;
    this.#flowControlled = on;
    this.#outlet.flowControl(on);
  }

  // While the ring is read, the end is near; who is paused is told when he has resumed.
  #lookLater(): void {
    if (this.#look !== undefined) return;
    this.#look = setTimeout(() => {
      this.#look = undefined;
      if (!this.#closed) this.#tellFlowControl();
    }, this.#lookMs);
    this.#lookMs = Math.min(this.#lookMs * 2, LONGEST_LOOK_MS);
    // The watch says whether the process lives on.
    this.#look.unref();
  }
}
