// A poll adapter over another one, whose every readiness goes through an Observable before it is
// delivered: to be looked at, put on a scheduler, delayed or bounded.
//
// Invariants:
//  - What the operator does to a readiness never breaks the poll contract: interest is read when
//    the readiness comes out, and one that comes out late is silence or a spurious one.
//  - No operator is fed faster than it lets out: rx-watch.ts.
//  - An exception of `onReady` goes to the host, not into the pipeline. A pipeline that ends, or
//    fails, is made anew for the next readiness.

import type { PollAdapter, PollEvents, PollHandle } from '@coroipc/core';
import {
  checkAdapter,
  checkFunction,
  checkInteger,
  checkOptionalFunction,
  checkOptions,
  optionNames,
} from '@coroipc/core/adapter';
import { type MonoTypeOperatorFunction, type Observable, Subject, type Subscription } from 'rxjs';
import { RxWatch } from './rx-watch.js';

/** That a descriptor is ready, on its way to who watches it. */
export interface Readiness {
  readonly fd: number;
  /** A listening descriptor, or a connection's. */
  readonly kind: 'accept' | 'dispatch';
  /** What it is ready for, as a set of poll(2) bits. */
  readonly revents: PollEvents;
  /** The watch, by a number that no other watch of the adapter has: descriptors are used again. */
  readonly watch: number;
}

/** Options of {@link rxPoll}. */
export interface RxPollOptions {
  /** The poll system to wrap. */
  source: PollAdapter;
  /** What every readiness goes through. Without one it is delivered as it comes. */
  operator?: MonoTypeOperatorFunction<Readiness> | undefined;
  /**
   * How long a readiness may take through the operator before its descriptor is looked at again,
   * in milliseconds: the operator may have dropped it. It doubles up to a hundred times that while
   * nothing comes out. Default 10.
   */
  restMs?: number | undefined;
}

/** What {@link rxPoll} returns. */
export interface RxPoll extends PollAdapter {
  /** What is delivered, once it was. Hot; looking on changes nothing. */
  readonly readiness$: Observable<Readiness>;
}

const OPTIONS = optionNames<RxPollOptions>({ source: true, operator: true, restMs: true });
const DEFAULT_REST_MS = 10;
const LONGEST_REST_MS = 60_000;

class RxPolled implements RxPoll {
  readonly name: string;
  readonly readiness$: Observable<Readiness>;
  readonly #source: PollAdapter;
  readonly #operator: MonoTypeOperatorFunction<Readiness> | undefined;
  readonly #restMs: number;
  readonly #delivered = new Subject<Readiness>();
  readonly #offered = new Subject<Readiness>();
  readonly #watches = new Map<number, RxWatch>();
  readonly #watched = new Set<number>();
  #pipeline: Subscription | undefined;
  #numbers = 0;

  constructor(options: RxPollOptions) {
    checkOptions('options', options, OPTIONS);
    const { source, operator, restMs = DEFAULT_REST_MS } = options;
    checkAdapter('options.source', source);
    checkOptionalFunction('options.operator', operator);
    this.name = `rxjs(${source.name})`;
    this.readiness$ = this.#delivered.asObservable();
    this.#source = source;
    this.#operator = operator;
    this.#restMs = checkInteger('options.restMs', restMs, 1, LONGEST_REST_MS);
  }

  pollAcceptAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    return this.#add('accept', fd, onReady);
  }

  pollDispatchAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    return this.#add('dispatch', fd, onReady);
  }

  pollJobAdd(job: () => void): void {
    this.#source.pollJobAdd(job);
  }

  #add(kind: Readiness['kind'], fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    checkFunction('onReady', onReady);
    // The source knows nothing of a watch that rests.
    if (this.#watched.has(fd)) throw new Error(`descriptor ${fd} is watched already`);
    this.#numbers += 1;
    const number = this.#numbers;
    const source = this.#source;
    const watch = new RxWatch(fd, this.#restMs, {
      add: (ready) =>
        kind === 'accept' ? source.pollAcceptAdd(fd, ready) : source.pollDispatchAdd(fd, ready),
      offer: (revents) => this.#offer({ fd, kind, revents, watch: number }),
      deliver: onReady,
      destroyed: () => {
        this.#watches.delete(number);
        this.#watched.delete(fd);
      },
    });
    this.#watches.set(number, watch);
    this.#watched.add(fd);
    return watch;
  }

  #offer(readiness: Readiness): void {
    try {
      if (this.#pipeline === undefined || this.#pipeline.closed) this.#pipeline = this.#connect();
    } catch (error) {
      // The operator could not even be applied. The watch rests, and then it is tried again.
      raise(error);
      return;
    }
    this.#offered.next(readiness);
  }

  #connect(): Subscription {
    const operator = this.#operator;
    const observer = {
      next: (readiness: Readiness) => this.#deliver(readiness),
      error: raise,
    };
    if (operator === undefined) return this.#offered.subscribe(observer);
    return this.#offered.pipe(operator).subscribe(observer);
  }

  #deliver(readiness: Readiness): void {
    const number = readiness?.watch;
    if (typeof number !== 'number' || typeof readiness.revents !== 'number') {
      raise(new TypeError(`options.operator must let a Readiness out, got ${typeof readiness}`));
      return;
    }
    const revents = this.#watches.get(number)?.cameOut(readiness.revents) ?? 0;
    if (revents === 0) return;
    const delivered = revents === readiness.revents ? readiness : { ...readiness, revents };
    this.#delivered.next(delivered);
  }
}

/** Has the host take an error as an uncaught exception. */
function raise(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/**
 * A poll adapter over another one, with RxJS in between: every readiness goes through `operator`
 * before it is delivered.
 *
 * An operator may delay, drop, repeat and reorder: the poll contract holds all the same, only later.
 * While a readiness is on its way its descriptor rests, so an operator holds one for each descriptor
 * at most, not one a turn. One that fails is told as an uncaught exception, and applied anew.
 *
 * @throws {TypeError} @throws {RangeError} for options of the wrong kind or out of range.
 *
 * @example
 * ```ts
 * import { libuvPoll } from '@coroipc/adapter-libuv';
 * import { rxPoll } from '@coroipc/adapter-rxjs';
 * import { IpcServer } from '@coroipc/core';
 * import { asapScheduler, observeOn } from 'rxjs';
 *
 * const poll = rxPoll({ source: libuvPoll(), operator: observeOn(asapScheduler) });
 * poll.readiness$.subscribe(({ fd, revents }) => console.log(fd, revents));
 * const server = new IpcServer({ name: 'demo', adapter: poll });
 * ```
 */
export function rxPoll(options: RxPollOptions): RxPoll {
  return new RxPolled(options);
}
