// An event emitter that is told when its listeners change. eventemitter3 says nothing of that, so
// every function that adds or removes one is followed by a call of `listenersChanged`.
//
// Invariant: an event whose listeners are all plain has none in `#particular`. More may be counted there
// than there are, until the event has no listener at all.

import { EventEmitter } from 'eventemitter3';

type Name<Events extends object> = EventEmitter.EventNames<Events>;
type Listener<Events extends object, Event extends Name<Events>> = EventEmitter.EventListener<
  Events,
  Event
>;

const { emit } = EventEmitter.prototype;

/** Whether `emit` is the emitter's own: else somebody wants to see what is emitted. */
export function emitsPlainly(emitter: { readonly emit: unknown }): boolean {
  return emitter.emit === emit;
}

export abstract class AwareEmitter<Events extends object> extends EventEmitter<Events> {
  /** Of each event, the listeners that are to be called once, or have a context. */
  readonly #particular = new Map<unknown, number>();

  /**
   * A listener of the event came or went, or all of every event did. `plain`: its listeners may be called one
   * after another with the emitter as `this`, in place of `emit`, which looks them up in each call; none is
   * to be called once, or has a context. Never called by the constructor.
   */
  protected abstract listenersChanged(event: Name<Events> | undefined, plain: boolean): void;

  override on<Event extends Name<Events>>(
    event: Event,
    fn: Listener<Events, Event>,
    context?: unknown,
  ): this {
    super.on(event, fn, context);
    if (context !== undefined) this.#countParticular(event, 1);
    this.#changed(event);
    return this;
  }

  override addListener<Event extends Name<Events>>(
    event: Event,
    fn: Listener<Events, Event>,
    context?: unknown,
  ): this {
    return this.on(event, fn, context);
  }

  override once<Event extends Name<Events>>(
    event: Event,
    fn: Listener<Events, Event>,
    context?: unknown,
  ): this {
    super.once(event, fn, context);
    this.#countParticular(event, 1);
    this.#changed(event);
    return this;
  }

  // `emit` calls this for a listener of `once`.
  override removeListener<Event extends Name<Events>>(
    event: Event,
    fn?: Listener<Events, Event>,
    context?: unknown,
    once?: boolean,
  ): this {
    const before = this.listenerCount(event);
    super.removeListener(event, fn, context, once);
    const left = this.listenerCount(event);
    if (left === 0) this.#particular.delete(event);
    else if (once) this.#countParticular(event, left - before);
    this.#changed(event);
    return this;
  }

  override off<Event extends Name<Events>>(
    event: Event,
    fn?: Listener<Events, Event>,
    context?: unknown,
    once?: boolean,
  ): this {
    return this.removeListener(event, fn, context, once);
  }

  override removeAllListeners(event?: Name<Events>): this {
    super.removeAllListeners(event);
    if (event === undefined) this.#particular.clear();
    else this.#particular.delete(event);
    this.#changed(event);
    return this;
  }

  #changed(event: Name<Events> | undefined): void {
    this.listenersChanged(event, !this.#particular.has(event));
  }

  #countParticular(event: unknown, more: number): void {
    const count = (this.#particular.get(event) ?? 0) + more;
    if (count > 0) this.#particular.set(event, count);
    else this.#particular.delete(event);
  }
}
