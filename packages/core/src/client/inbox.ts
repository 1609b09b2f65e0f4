// The dispatch messages of an IpcClient, from the ring to whoever consumes them, and the end of
// the connection as its socket tells it.
//
// Invariants:
//  - The ring is read only while somebody wants messages: there is a sink, and none is paused.
//    Otherwise the socket is watched for hang-up alone.
//  - 64 messages at most are delivered in one turn; a job of the adapter goes on.
//  - Flow control that was told is looked after until its end is told: a server may end it after the
//    last message was read, and generation 1.4 of the wire then rings for nobody.
//  - After a hang-up what had arrived is delivered, to who is paused too (it is bounded by the
//    ring), and only then the end is told.

import type { ClientEngine } from '../client-engine/engine.js';
import { CoroIpcError } from '../errors.js';
import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  type PollAdapter,
  type PollEvents,
  type PollHandle,
} from '../poll/contract.js';
import { CS } from '../status.js';
import { type DispatchMessage, dispatchMessage } from './dispatch-message.js';
import { type MessageSink, MessageSinks, type MessageSubscription } from './message-sink.js';

const MESSAGES_PER_TURN = 64;
const FIRST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 64;
const HANG_UP = POLLHUP | POLLERR | POLLNVAL;

/** Where news go. Every function may throw, and may close the inbox. */
export interface InboxOutlet {
  flowControl(on: boolean): void;
  /** The server is gone; messages may still follow. */
  hungUp(error: CoroIpcError): void;
  /** The last message has been delivered. */
  over(error: CoroIpcError): void;
}

export class Inbox {
  readonly #engine: ClientEngine;
  readonly #adapter: PollAdapter;
  readonly #outlet: InboxOutlet;
  readonly #sinks = new MessageSinks(() => this.#resumed());
  readonly #watch: PollHandle;
  #events: PollEvents = 0;
  #jobAdded = false;
  #flowControlled = false;
  #look: NodeJS.Timeout | undefined;
  #lookMs = FIRST_LOOK_MS;
  #hungUp: CoroIpcError | undefined;
  #closed = false;

  constructor(engine: ClientEngine, adapter: PollAdapter, outlet: InboxOutlet) {
    this.#engine = engine;
    this.#adapter = adapter;
    this.#outlet = outlet;
    this.#watch = adapter.pollDispatchAdd(engine.socket, (revents) => this.#ready(revents));
    this.#watch.modify(0);
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
  subscribe(sink: MessageSink): MessageSubscription {
    return this.#sinks.add(sink);
  }

  /** Ends the watch, and tells the sinks of the end: plainly, or with the error. */
  close(error?: CoroIpcError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch.destroy();
    clearTimeout(this.#look);
    this.#sinks.end(error);
  }

  ref(on: boolean): void {
    if (on) this.#watch.ref();
    else this.#watch.unref();
  }

  // Somebody may want messages that did not before, or the reverse.
  #resumed(): void {
    if (this.#closed || this.#hungUp !== undefined) return;
    const { wanted } = this.#sinks;
    const events = wanted ? POLLIN : 0;
    if (events === this.#events) return;
    this.#events = events;
    this.#watch.modify(events);
    // The core may have read ahead, and then the socket says nothing of what it read.
    if (wanted) this.#later();
  }

  #ready(revents: PollEvents): void {
    if (this.#closed) return;
    if ((revents & HANG_UP) !== 0) {
      this.#hangUp();
    } else if (!this.#jobAdded) {
      this.#turn();
    }
  }

  #hangUp(cause?: CoroIpcError): void {
    if (this.#hungUp !== undefined) return;
    const what = `the server of "${this.#engine.name}" is gone`;
    const error = new CoroIpcError(CS.ERR_LIBRARY, what, { cause });
    this.#hungUp = error;
    this.#watch.destroy();
    try {
      this.#outlet.hungUp(error);
    } finally {
      this.#later();
    }
  }

  #later(): void {
    if (this.#jobAdded) return;
    this.#jobAdded = true;
    this.#adapter.pollJobAdd(() => {
      this.#jobAdded = false;
      this.#turn();
    });
  }

  // An exception of a sink ends the turn but loses nothing: the next turn is arranged first.
  #turn(): void {
    let more = true;
    try {
      for (let left = MESSAGES_PER_TURN; more && left > 0; left -= 1) more = this.#deliverNext();
    } finally {
      if (more && !this.#closed) this.#later();
    }
    if (!this.#closed) this.#tellFlowControl();
  }

  // Whether there may be another.
  #deliverNext(): boolean {
    if (this.#closed) return false;
    const { any, wanted } = this.#sinks;
    if (this.#hungUp === undefined ? !wanted : !any) return this.#pause();
    let message: DispatchMessage;
    try {
      const size = this.#engine.next(0);
      if (size === 0) return this.#pause();
      message = dispatchMessage(this.#engine.take(size));
    } catch (error) {
      if (!(error instanceof CoroIpcError)) throw error;
      this.#hangUp(error);
      return this.#finish(this.#hungUp ?? error);
    }
    this.#sinks.deliver(message);
    return true;
  }

  #pause(): false {
    if (this.#hungUp !== undefined) this.#finish(this.#hungUp);
    else this.#resumed();
    return false;
  }

  #finish(error: CoroIpcError): false {
    this.close(error);
    this.#outlet.over(error);
    return false;
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
