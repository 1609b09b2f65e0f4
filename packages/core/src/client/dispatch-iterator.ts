// A bounded async iterator over dispatch messages. When `highWaterMark` messages wait in it, it
// pauses its subscription, so that the ring is left alone; the server then queues and holds back in
// its turn. It never drops a message to stay small.
//
// Having been full, it stays so until half of its messages are taken: the ring is not switched on
// and off for every message.
//
// Invariant: messages wait, or readers wait, never both.

import type { DispatchMessage } from '../dispatch-message.js';
import type { MessageSink, MessageSubscription } from './message-sink.js';

type Result = IteratorResult<DispatchMessage, undefined>;

interface Reader {
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

/** Subscribes the iterator to the messages that are still to be read. */
export type Subscribe = (sink: MessageSink) => MessageSubscription;

/** What {@link IpcClient.dispatches} returns. */
export class DispatchIterator
  implements AsyncIterableIterator<DispatchMessage, undefined, undefined>, AsyncDisposable
{
  readonly #subscription: MessageSubscription | undefined;
  readonly #highWaterMark: number;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#abort();
  #messages: DispatchMessage[] = [];
  #taken = 0;
  #full = false;
  #readers: Reader[] = [];
  #ended = false;
  #error: { readonly reason: unknown } | undefined;

  /** Called by the library alone. */
  constructor(subscribe: Subscribe, highWaterMark: number, signal: AbortSignal | undefined) {
    this.#highWaterMark = highWaterMark;
    this.#signal = signal;
    if (signal?.aborted) {
      this.#end({ reason: signal.reason });
      return;
    }
    this.#subscription = subscribe({
      message: (message) => this.push(message),
      ended: (error) => this.finish(error),
    });
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Whether it takes no more messages. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether no more messages are to come for now. */
  get full(): boolean {
    return this.#full;
  }

  /** Takes a message, also when full. */
  push(message: DispatchMessage): void {
    if (this.#ended) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: message });
      return;
    }
    this.#messages.push(message);
    if (this.#full || this.#messages.length - this.#taken < this.#highWaterMark) return;
    this.#full = true;
    this.#subscription?.pause();
  }

  /** Ends it behind the messages that wait: plainly, or by throwing `error`. */
  finish(error?: unknown): void {
    if (!this.#ended) this.#end(error === undefined ? undefined : { reason: error });
  }

  /** The next message. */
  next(): Promise<Result> {
    const message = this.#shift();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    if (this.#error !== undefined) {
      const { reason } = this.#error;
      this.#error = undefined;
      return Promise.reject(reason);
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** Ends it at once, and drops what waits: what `break` in a `for await` does. */
  return(): Promise<Result> {
    this.#drop();
    this.#error = undefined;
    if (!this.#ended) this.#end(undefined);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  // A plain shift would move every message that waits.
  #shift(): DispatchMessage | undefined {
    const message = this.#messages[this.#taken];
    if (message === undefined) return undefined;
    this.#taken += 1;
    if (this.#taken >= 64 || this.#taken === this.#messages.length) {
      this.#messages.splice(0, this.#taken);
      this.#taken = 0;
    }
    if (this.#full && this.#messages.length - this.#taken <= this.#highWaterMark / 2) {
      this.#full = false;
      this.#subscription?.resume();
    }
    return message;
  }

  #abort(): void {
    if (this.#ended) return;
    this.#drop();
    this.#end({ reason: this.#signal?.reason });
  }

  #drop(): void {
    this.#messages = [];
    this.#taken = 0;
    this.#full = false;
  }

  #end(error: { readonly reason: unknown } | undefined): void {
    this.#ended = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    const readers = this.#readers;
    this.#readers = [];
    // The first reader gets the error, as it would from a generator; the others get the end.
    const first = error === undefined ? undefined : readers.shift();
    if (first === undefined) this.#error = error;
    else first.reject(error?.reason);
    for (const reader of readers) reader.resolve({ done: true, value: undefined });
    this.#subscription?.close();
  }
}
