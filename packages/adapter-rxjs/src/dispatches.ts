// A client's dispatch messages as an Observable, with a bound for work that takes its time.

import {
  CoroIpcError,
  CS,
  type DispatchMessage,
  type IpcClient,
  type MessageSubscription,
} from '@coroipc/core';
import {
  checkFunction,
  checkInteger,
  checkOneOf,
  checkOptionalFunction,
  checkOptions,
  MAX_INT32,
  optionNames,
} from '@coroipc/core/adapter';
import { defer, Observable, type ObservableInput } from 'rxjs';
import { checkClient } from './arguments.js';
import { boundedMap, type Overflow } from './bounded-map.js';

/** What is to happen to messages that come faster than they are worked off. */
export interface OverflowOptions {
  /**
   * What happens when `highWaterMark` messages wait and another comes.
   *
   * - `'pause'`, the default: the client's ring is left alone until half of them are worked off. It
   *   fills, the server's flow control begins, and messages queue there. Nothing is lost.
   * - `'drop-oldest'`: the one that waits longest is dropped.
   * - `'drop-newest'`: the one that comes is dropped.
   * - `'error'`: the Observable fails with TRY_AGAIN.
   */
  overflow?: Overflow | undefined;
  /** How many messages may wait behind those in work, 1 to 2147483647. Default 256. */
  highWaterMark?: number | undefined;
  /** Is told of every message that is dropped. */
  dropped?: ((message: DispatchMessage) => void) | undefined;
}

/** Options of {@link dispatches} with work to do. */
export interface DispatchesWork<Result> extends OverflowOptions {
  /** The work on a message. What it emits is emitted; the next message waits until it completes. */
  project: (message: DispatchMessage, index: number) => ObservableInput<Result>;
  /** How many messages are in work at a time, 1 to 2147483647. Default 1: one after another. */
  concurrency?: number | undefined;
}

const OVERFLOWS = ['pause', 'drop-oldest', 'drop-newest', 'error'] as const;
const DEFAULT_HIGH_WATER_MARK = 256;
const OPTIONS = optionNames<DispatchesWork<unknown>>({
  overflow: true,
  highWaterMark: true,
  dropped: true,
  project: true,
  concurrency: true,
});

/**
 * The dispatch messages of a client, from the subscription on. Fails when the server ends the
 * connection, after everything that had arrived; completes after `client.close()`. Unsubscribing
 * never closes the client. Every subscription gets every message.
 *
 * Without `project` each message is handed to the subscriber as it is read. Nothing waits here then,
 * so nothing overflows. An Observable knows nothing of whether its subscriber is done, though: a
 * `concatMap` or `mergeMap` further down, an `observeOn` or a `delay`, buffers what comes too fast,
 * without a limit. So work that takes its time belongs into `project`, which is what `concatMap`
 * (or, with `concurrency`, `mergeMap`) does, with a bound: `highWaterMark` and `overflow`.
 *
 * @example
 * ```ts
 * import { dispatches } from '@coroipc/adapter-rxjs';
 * import { IpcClient } from '@coroipc/core';
 * import { writeFile } from 'node:fs/promises';
 *
 * const client = await IpcClient.connect({ name: 'demo', service: 7 });
 * dispatches(client, {
 *   project: ({ id, payload }) => writeFile(`/var/spool/demo/${id}`, payload),
 *   overflow: 'pause',
 *   highWaterMark: 16,
 * }).subscribe({ error: (error) => console.error(error) });
 * ```
 */
export function dispatches<Result>(
  client: IpcClient,
  options: DispatchesWork<Result>,
): Observable<Result>;
export function dispatches(
  client: IpcClient,
  options?: OverflowOptions,
): Observable<DispatchMessage>;
export function dispatches<Result>(
  client: IpcClient,
  options: OverflowOptions & Partial<DispatchesWork<Result>> = {},
): Observable<DispatchMessage | Result> {
  checkClient(client);
  checkOptions('options', options, OPTIONS);
  const { overflow = 'pause', highWaterMark = DEFAULT_HIGH_WATER_MARK } = options;
  const { project, dropped, concurrency = 1 } = options;
  checkOneOf('options.overflow', overflow, OVERFLOWS);
  checkInteger('options.highWaterMark', highWaterMark, 1, MAX_INT32);
  checkInteger('options.concurrency', concurrency, 1, MAX_INT32);
  checkOptionalFunction('options.dropped', dropped);
  if (project === undefined) return messages(client, () => {});
  checkFunction('options.project', project);
  const overflowed = (): CoroIpcError =>
    new CoroIpcError(CS.ERR_TRY_AGAIN, `${highWaterMark} dispatch messages wait already`);
  const bound = { project, concurrency, highWaterMark, overflow, dropped, overflowed };
  return defer(() => {
    let subscription: MessageSubscription | undefined;
    const source = messages(client, (begun) => {
      subscription = begun;
    });
    const pause = (): void => subscription?.pause();
    const resume = (): void => subscription?.resume();
    return source.pipe(boundedMap({ ...bound, pause, resume }));
  });
}

// `begun` gets the subscription of each subscriber.
function messages(
  client: IpcClient,
  begun: (subscription: MessageSubscription) => void,
): Observable<DispatchMessage> {
  return new Observable((subscriber) => {
    const end = (error?: CoroIpcError): void => {
      if (error === undefined) subscriber.complete();
      else subscriber.error(error);
    };
    try {
      const subscription = client.onMessage({
        message: (message) => subscriber.next(message),
        ended: end,
      });
      begun(subscription);
      subscriber.add(() => subscription.close());
    } catch (error) {
      // Too late is as if it ended now: a client that was closed has no more messages.
      if (!CoroIpcError.is(error)) throw error;
      end(error.status === CS.ERR_BAD_HANDLE ? undefined : error);
    }
  });
}
