// A client as Observables. Each is cold, and its teardown undoes what its subscription did: a call
// is given up, a connection is closed where it was opened here, and nowhere else.

import {
  type CallOptions,
  type CoroIpcError,
  IpcClient,
  type IpcClientOptions,
  type Payload,
} from '@coroipc/core';
import { checkObject } from '@coroipc/core/adapter';
import { distinctUntilChanged, Observable, type Subscriber } from 'rxjs';
import { checkClient, checkId, checkSignal } from './arguments.js';

/**
 * Connects, and emits the client once it is connected. The Observable lasts as long as the client:
 * it fails when the connection cannot be made or the server ends it, and completes when somebody
 * closes the client. Unsubscribing gives the handshake up, or closes the client.
 *
 * @example Connects anew whenever the server is gone.
 * ```ts
 * import { connect, dispatches } from '@coroipc/adapter-rxjs';
 * import { retry, switchMap } from 'rxjs';
 *
 * connect({ name: 'demo', service: 7 })
 *   .pipe(
 *     switchMap((client) => dispatches(client)),
 *     retry({ delay: 1000 }),
 *   )
 *   .subscribe(({ id, payload }) => console.log(id, payload));
 * ```
 */
export function connect(options: IpcClientOptions): Observable<IpcClient> {
  checkObject('options', options);
  checkSignal('options.signal', options.signal);
  return new Observable((subscriber) => {
    const begin = (signal: AbortSignal) => IpcClient.connect({ ...options, signal });
    attempt(subscriber, options.signal, begin, (client) => last(subscriber, client));
  });
}

// Emits a client that was opened here, and ends with it.
function last(subscriber: Subscriber<IpcClient>, client: IpcClient): void {
  const over = (error?: CoroIpcError): void => {
    if (error === undefined) subscriber.complete();
    else subscriber.error(error);
  };
  client.on('close', over);
  subscriber.add(() => {
    client.off('close', over);
    client.close();
  });
  subscriber.next(client);
}

/**
 * One call for each subscription: emits the answer's payload and completes. Unsubscribing gives the
 * call up. Fails as {@link IpcClient.call} rejects.
 *
 * @param id The command id, 0 to 65535.
 *
 * @example
 * ```ts
 * import { call } from '@coroipc/adapter-rxjs';
 * import { IpcClient } from '@coroipc/core';
 * import { retry } from 'rxjs';
 *
 * const client = await IpcClient.connect({ name: 'demo', service: 7 });
 * call(client, 1, 'hello', { timeoutMs: 500 })
 *   .pipe(retry({ count: 3, delay: 100 }))
 *   .subscribe((answer) => console.log(answer.toString()));
 * ```
 */
export function call(
  client: IpcClient,
  id: number,
  payload?: Payload,
  options: CallOptions = {},
): Observable<Buffer> {
  checkClient(client);
  checkId('id', id);
  checkObject('options', options);
  checkSignal('options.signal', options.signal);
  return new Observable((subscriber) => {
    const begin = (signal: AbortSignal) => client.call(id, payload, { ...options, signal });
    attempt(subscriber, options.signal, begin, (answer) => {
      subscriber.next(answer);
      subscriber.complete();
    });
  });
}

/**
 * Whether the server holds messages back because the client's ring is full: as it is now, then each
 * change. Completes when the client is closed, by whomever.
 *
 * The client learns of a change where it reads the ring: not while all its subscriptions pause.
 *
 * @example
 * ```ts
 * import { flowControl } from '@coroipc/adapter-rxjs';
 * import { IpcClient } from '@coroipc/core';
 *
 * const client = await IpcClient.connect({ name: 'demo', service: 7 });
 * flowControl(client).subscribe((on) => console.log(on ? 'too slow' : 'keeping up'));
 * ```
 */
export function flowControl(client: IpcClient): Observable<boolean> {
  checkClient(client);
  const changes = new Observable<boolean>((subscriber) => {
    const next = (on: boolean): void => subscriber.next(on);
    const complete = (): void => subscriber.complete();
    client.on('flowControl', next);
    client.on('close', complete);
    subscriber.add(() => {
      client.off('flowControl', next);
      client.off('close', complete);
    });
    next(client.flowControl);
    if (client.closed) complete();
  });
  return changes.pipe(distinctUntilChanged());
}

// Awaits what `start` promises. Its signal aborts when the subscriber leaves before, or when the
// user's own signal does.
function attempt<Value>(
  subscriber: Subscriber<unknown>,
  signal: AbortSignal | undefined,
  start: (signal: AbortSignal) => Promise<Value>,
  done: (value: Value) => void,
): void {
  const control = new AbortController();
  const forward = (): void => control.abort(signal?.reason);
  let pending = true;
  const settle = (): void => {
    pending = false;
    signal?.removeEventListener('abort', forward);
  };
  subscriber.add(() => {
    if (pending) control.abort();
    settle();
  });
  if (signal?.aborted) forward();
  signal?.addEventListener('abort', forward);
  start(control.signal).then(
    (value) => {
      settle();
      done(value);
    },
    (error: unknown) => subscriber.error(error),
  );
}
