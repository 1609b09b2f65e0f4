// mergeMap with a bounded buffer: an operator of its own, since RxJS has none. Its mergeMap and
// concatMap buffer without a limit, and a subscriber has no signal to a source by which one could
// be kept.
//
// Invariants: `concurrency` inner Observables at most are subscribed, and values wait behind them in
// order: `highWaterMark` at most, unless the source goes on after it was asked to pause. However the
// source ends, what waits is worked off first.

import {
  defer,
  Observable,
  type ObservableInput,
  type OperatorFunction,
  type Subscriber,
} from 'rxjs';

/** What happens to a value when as many wait as may. */
export type Overflow = 'pause' | 'drop-oldest' | 'drop-newest' | 'error';

export interface BoundedMapOptions<Value, Result> {
  readonly project: (value: Value, index: number) => ObservableInput<Result>;
  readonly concurrency: number;
  readonly highWaterMark: number;
  readonly overflow: Overflow;
  /** Is told of every value that is dropped. */
  readonly dropped?: ((value: Value) => void) | undefined;
  /** What the Observable fails with where `overflow` is `'error'`. */
  overflowed(): unknown;
  /** Where `overflow` is `'pause'`: as many wait as may. */
  pause(): void;
  /** After `pause`: half of them at most still wait. */
  resume(): void;
}

/** Maps every value to an Observable, as mergeMap does, with a bound on the values that wait. */
export function boundedMap<Value, Result>(
  options: BoundedMapOptions<Value, Result>,
): OperatorFunction<Value, Result> {
  return (source) =>
    new Observable((subscriber) => {
      const stage = new Stage(options, subscriber);
      return source.subscribe({
        next: (value) => stage.take(value),
        error: (error: unknown) => stage.end(() => subscriber.error(error)),
        complete: () => stage.end(() => subscriber.complete()),
      });
    });
}

class Stage<Value, Result> {
  readonly #options: BoundedMapOptions<Value, Result>;
  readonly #subscriber: Subscriber<Result>;
  readonly #waiting: (Value | undefined)[] = [];
  /** How many at the front of `#waiting` are gone: a plain shift would move all the others. */
  #gone = 0;
  #active = 0;
  #index = 0;
  #paused = false;
  #pumping = false;
  #end: (() => void) | undefined;

  constructor(options: BoundedMapOptions<Value, Result>, subscriber: Subscriber<Result>) {
    this.#options = options;
    this.#subscriber = subscriber;
  }

  take(value: Value): void {
    const { concurrency, highWaterMark, overflow } = this.#options;
    if (this.#subscriber.closed) return;
    if (this.#active < concurrency && this.#size === 0) {
      this.#start(value);
    } else if (overflow === 'pause') {
      this.#waiting.push(value);
      if (this.#size >= highWaterMark) this.#pause();
    } else if (this.#size < highWaterMark) {
      this.#waiting.push(value);
    } else {
      this.#overflow(overflow, value);
    }
  }

  /** Does `end` behind all that waits or is in work. */
  end(end: () => void): void {
    this.#end = end;
    this.#pump();
  }

  get #size(): number {
    return this.#waiting.length - this.#gone;
  }

  #overflow(overflow: Exclude<Overflow, 'pause'>, value: Value): void {
    if (overflow === 'error') {
      this.#subscriber.error(this.#options.overflowed());
      return;
    }
    let unwanted = value;
    if (overflow === 'drop-oldest') {
      unwanted = this.#shift();
      this.#waiting.push(value);
    }
    try {
      this.#options.dropped?.(unwanted);
    } catch (error) {
      this.#subscriber.error(error);
    }
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#options.pause();
  }

  #start(value: Value): void {
    const index = this.#index;
    this.#index += 1;
    this.#active += 1;
    const inner = defer(() => this.#options.project(value, index)).subscribe({
      next: (result) => this.#subscriber.next(result),
      error: (error: unknown) => this.#subscriber.error(error),
      complete: () => {
        this.#active -= 1;
        this.#pump();
      },
    });
    this.#subscriber.add(inner);
  }

  // Goes on as far as it can. An Observable that completes at once comes back here from within.
  #pump(): void {
    if (this.#pumping) return;
    const { concurrency, highWaterMark } = this.#options;
    this.#pumping = true;
    while (!this.#subscriber.closed && this.#active < concurrency && this.#size > 0) {
      this.#start(this.#shift());
    }
    this.#pumping = false;
    if (this.#subscriber.closed) return;
    if (this.#paused && this.#size <= highWaterMark / 2) {
      this.#paused = false;
      this.#options.resume();
    }
    if (this.#active === 0 && this.#size === 0) this.#end?.();
  }

  #shift(): Value {
    const value = this.#waiting[this.#gone] as Value;
    this.#waiting[this.#gone] = undefined;
    this.#gone += 1;
    if (this.#gone * 2 >= this.#waiting.length) {
      this.#waiting.splice(0, this.#gone);
      this.#gone = 0;
    }
    return value;
  }
}
