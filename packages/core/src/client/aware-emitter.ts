// An event emitter that is told when its listeners change. eventemitter3 says nothing of that, so
// every function that adds or removes one is followed by a call of `listenersChanged`.

import { EventEmitter } from 'eventemitter3';

type Name<Events extends object> = EventEmitter.EventNames<Events>;
type Listener<Events extends object, Event extends Name<Events>> = EventEmitter.EventListener<
  Events,
  Event
>;

export abstract class AwareEmitter<Events extends object> extends EventEmitter<Events> {
  /** A listener came or went, of whatever event. Never called by the constructor. */
  protected abstract listenersChanged(): void;

  override on<Event extends Name<Events>>(
    event: Event,
    fn: Listener<Events, Event>,
    context?: unknown,
  ): this {
    super.on(event, fn, context);
    this.listenersChanged();
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
    this.listenersChanged();
    return this;
  }

  // `emit` calls this for a listener of `once`.
  override removeListener<Event extends Name<Events>>(
    event: Event,
    fn?: Listener<Events, Event>,
    context?: unknown,
    once?: boolean,
  ): this {
    super.removeListener(event, fn, context, once);
    this.listenersChanged();
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
    this.listenersChanged();
    return this;
  }
}
