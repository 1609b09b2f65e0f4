// The one way that dispatch messages are delivered: to sinks. The `dispatch` event, the iterators
// and every Observable stand on it.
//
// Invariants: every sink that was there when a message was read gets it, in the order in which they
// came, whatever another one throws or closes. A sink hears of the end once, and nothing after.

import { checkFunction, checkObject, checkOptionalFunction } from '../arguments.js';
import type { DispatchMessage } from '../dispatch-message.js';
import type { CoroIpcError } from '../errors.js';

/** Where {@link IpcClient.onMessage} delivers. Both functions are called as methods of the sink. */
export interface MessageSink {
  /**
   * The next message. An exception is an uncaught exception, and costs nobody a message. A promise is
   * not waited for; it runs as far as it can before the next message comes.
   */
  message(message: DispatchMessage): unknown;
  /**
   * Nothing more will come: plainly after `client.close()`, with an error when the server ended the
   * connection. Not called after the subscription's own `close`.
   */
  ended?(error?: CoroIpcError): void;
}

/** The same for messages that come together: as many as there are, 1 to 256 of them. */
export interface BatchSink {
  /**
   * The next messages, in their order. As `message`; promises run when all of them were delivered. While
   * the client has sinks of single messages, too, these come one by one.
   */
  messages(batch: readonly DispatchMessage[]): unknown;
  /** As of a {@link MessageSink}. */
  ended?(error?: CoroIpcError): void;
}

/** What {@link IpcClient.onMessage} returns. `[Symbol.dispose]()` is `close()`. */
export interface MessageSubscription extends Disposable {
  /** Whether nothing more will come. */
  readonly closed: boolean;
  /**
   * Asks for no more messages. While one subscription is paused, the ring is left alone for all of
   * them, so it fills, and flow control reaches the server. Messages may still come: the one that
   * is being delivered, and what had arrived when the server goes.
   */
  pause(): void;
  /** Ends the pause. */
  resume(): void;
  /** Ends the subscription, and never the client; a second call does nothing. */
  close(): void;
}

class Subscription implements MessageSubscription {
  readonly sink: MessageSink | BatchSink;
  readonly batched: boolean;
  readonly #sinks: MessageSinks;
  closed = false;
  paused = false;

  constructor(sinks: MessageSinks, sink: MessageSink | BatchSink) {
    this.#sinks = sinks;
    this.sink = sink;
    this.batched = 'messages' in sink && sink.messages !== undefined;
  }

  pause(): void {
    this.#setPaused(true);
  }

  resume(): void {
    this.#setPaused(false);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#sinks.remove(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #setPaused(paused: boolean): void {
    if (this.closed || this.paused === paused) return;
    this.paused = paused;
    this.#sinks.pausedOne();
  }
}

// Precondition of several messages: the sink takes them together. No method: users have the subscription.
function give(to: Subscription, message: DispatchMessage | readonly DispatchMessage[]): unknown {
  if (!to.batched) return (to.sink as MessageSink).message(message as DispatchMessage);
  const batch = Array.isArray(message) ? message : [message];
  return (to.sink as BatchSink).messages(batch);
}

/** Checks what a user hands in. */
export function checkSink(name: string, value: unknown): MessageSink | BatchSink {
  checkObject(name, value);
  const { message, messages, ended } = value as Partial<MessageSink & BatchSink>;
  if (messages === undefined) checkFunction(`${name}.message`, message);
  else checkFunction(`${name}.messages`, messages);
  if (message !== undefined && messages !== undefined) {
    throw new TypeError(`${name} must have message or messages, got both`);
  }
  checkOptionalFunction(`${name}.ended`, ended);
  return value as MessageSink | BatchSink;
}

/** The sinks of one client. */
export class MessageSinks {
  // Called when `wanted` may have changed.
  readonly #changed: () => void;
  // Replaced and never changed, so that a delivery goes over those that were there at its start.
  #subscriptions: readonly Subscription[] = [];
  /** The one, where there is one, and it takes single messages. */
  #only: MessageSink | undefined;
  #wanted = false;
  #batched = false;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Whether there is anybody. */
  get any(): boolean {
    return this.#subscriptions.length > 0;
  }

  /** Whether there is somebody, and nobody is paused. Asked for each message. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Whether everybody takes messages together. */
  get batched(): boolean {
    return this.#batched;
  }

  add(sink: MessageSink | BatchSink): MessageSubscription {
    const subscription = new Subscription(this, sink);
    this.#replace([...this.#subscriptions, subscription]);
    return subscription;
  }

  /** For its own subscriptions. */
  remove(subscription: Subscription): void {
    this.#replace(this.#subscriptions.filter((one) => one !== subscription));
  }

  /** One of them is paused, or not any more. */
  pausedOne(): void {
    this.#replace(this.#subscriptions);
  }

  #replace(subscriptions: readonly Subscription[]): void {
    this.#subscriptions = subscriptions;
    this.#wanted = subscriptions.length > 0 && subscriptions.every(({ paused }) => !paused);
    this.#batched = subscriptions.every(({ batched }) => batched);
    const [first, second] = subscriptions;
    const single = first !== undefined && second === undefined && !first.batched;
    this.#only = single ? (first.sink as MessageSink) : undefined;
    this.#changed();
  }

  /**
   * Gives everybody a message, or several, and throws afterwards what they threw. Whether somebody has
   * left something to promises, as far as what was returned says. Precondition of several: everybody
   * takes messages together.
   */
  deliver(message: DispatchMessage | readonly DispatchMessage[]): boolean {
    const only = this.#only;
    return only === undefined
      ? this.#deliverToAll(message)
      : only.message(message as DispatchMessage) !== undefined;
  }

  #deliverToAll(message: DispatchMessage | readonly DispatchMessage[]): boolean {
    let failures: unknown[] | undefined;
    let left = false;
    for (const subscription of this.#subscriptions) {
      if (subscription.closed) continue;
      try {
        if (give(subscription, message) !== undefined) left = true;
      } catch (error) {
        failures ??= [];
        failures.push(error);
      }
    }
    if (failures === undefined) return left;
    if (failures.length === 1) throw failures[0];
    throw new AggregateError(failures, `${failures.length} sinks of a dispatch message threw`);
  }

  /** Tells everybody that it is over: plainly, or with the error. */
  end(error?: CoroIpcError): void {
    const subscriptions = this.#subscriptions;
    this.#subscriptions = [];
    this.#only = undefined;
    this.#wanted = false;
    for (const subscription of subscriptions) {
      // One may close another when it hears of the end.
      if (subscription.closed) continue;
      subscription.closed = true;
      try {
        subscription.sink.ended?.(error);
      } catch (failure) {
        // It must keep neither the others from hearing of it, nor the client from being closed.
        queueMicrotask(() => {
          throw failure;
        });
      }
    }
  }
}
