// A service as a mapping: every request becomes an Observable of what its caller is told.
//
// Invariants: a request is answered exactly once, whatever its Observable does and whoever
// unsubscribes. Nothing that one request's function throws disturbs another request. An Observable
// of a request is not subscribed beyond its connection.

import {
  CoroIpcError,
  CS,
  type IpcConnection,
  type IpcRequest,
  type IpcServer,
  type Payload,
} from '@coroipc/core';
import { checkFunction, checkOptions, MAX_INT32, optionNames } from '@coroipc/core/adapter';
import { defer, finalize, mergeMap, Observable, type ObservableInput, of, tap } from 'rxjs';
import { checkId, checkServer } from './arguments.js';
import { requests } from './server.js';

// biome-ignore lint/suspicious/noConfusingVoidType: a promise of nothing is an empty payload.
type Response = Payload | undefined | void;

/**
 * Maps a request to what its caller is told: the first value is the answer, each further one a
 * dispatch message with the request's id. `undefined` is an empty payload. A payload that is
 * returned as it is, a string or a Uint8Array, is the answer.
 */
export type Respond = (request: IpcRequest, index: number) => ObservableInput<Response> | Payload;

/** Options of {@link serve}. */
export interface ServeOptions {
  /** The command id, 0 to 65535. Default: every id that nobody else serves. */
  id?: number | undefined;
}

const OPTIONS = optionNames<ServeOptions>({ id: true });

/** How the Observable of one request ended. */
export interface ServedRequest {
  readonly connection: IpcConnection;
  /** The command id. */
  readonly id: number;
  /** How many values its caller was sent: the answer, then dispatch messages. */
  readonly values: number;
  /** By itself, by an error, or with the connection. */
  readonly ended: 'completed' | 'failed' | 'disconnected';
  /** What it failed with, or why a value could not be sent. */
  readonly error?: unknown;
}

/** The exchanges in progress, so that one listener ends those of a connection that goes. */
type InProgress = Map<IpcConnection, Set<() => void>>;

/**
 * Serves a service by a mapping, while somebody is subscribed: every request is mapped to an
 * Observable (or a promise, an iterable, …) of what its caller is told. The first value answers,
 * each further one goes out as a dispatch message with the request's id. One that completes without
 * a value answers with nothing; an error before the answer answers with a CoroIpcError's status,
 * else with ERR_LIBRARY. An error after the answer, or a message that is refused because the
 * caller's queue is full, ends that Observable alone. Errors are emitted as the server's
 * `requestError`, too.
 *
 * Each is unsubscribed when its connection is over, and all are when `serve` itself is: those that
 * have no answer then are answered TRY_AGAIN. Emits one item for each request whose Observable
 * ended; completes when the server closes; fails with EXIST as {@link requests} does.
 *
 * @example
 * ```ts
 * import { serve } from '@coroipc/adapter-rxjs';
 * import { IpcServer } from '@coroipc/core';
 * import { interval, map } from 'rxjs';
 *
 * const server = new IpcServer({ name: 'clock' });
 * serve(server, 7, () => interval(1000).pipe(map(() => new Date().toISOString()))).subscribe();
 * await server.listen();
 * ```
 */
export function serve(
  server: IpcServer,
  service: number,
  project: Respond,
  options: ServeOptions = {},
): Observable<ServedRequest> {
  checkServer(server);
  checkId('service', service);
  checkFunction('project', project);
  checkOptions('options', options, OPTIONS);
  const id = options.id === undefined ? undefined : checkId('options.id', options.id);
  return defer(() => {
    const inProgress: InProgress = new Map();
    const left = (connection: IpcConnection): void => {
      for (const end of [...(inProgress.get(connection) ?? [])]) end();
    };
    server.on('disconnect', left);
    return requests(server, { service, id }).pipe(
      mergeMap((request, index) => {
        const responses = defer(() => whole(project(request, index)));
        return exchange(server, request, responses, inProgress);
      }),
      finalize(() => server.off('disconnect', left)),
    );
  });
}

// One request, from its Observable's subscription to its end.
function exchange(
  server: IpcServer,
  request: IpcRequest,
  responses: Observable<Response>,
  inProgress: InProgress,
): Observable<ServedRequest> {
  const { connection, id } = request;
  return new Observable((subscriber) => {
    let values = 0;
    const end = (how: Pick<ServedRequest, 'ended' | 'error'>): void => {
      subscriber.next({ connection, id, values, ...how });
      subscriber.complete();
    };
    const send = (value: Response): void => {
      if (request.answered) connection.dispatch(id, value as Payload | undefined);
      else request.respond(value as Payload | undefined);
      values += 1;
    };
    const answerAtLeast = (): void => {
      if (!request.answered) request.respond();
    };
    // What sending throws ends the Observable as its own error would.
    const sending = responses.pipe(tap({ next: send, complete: answerAtLeast })).subscribe({
      complete: () => end({ ended: 'completed' }),
      error: (error: unknown) => {
        refuse(request, statusOf(error));
        tell(server, error, request);
        end({ ended: 'failed', error });
      },
    });
    const left = (): void => end({ ended: 'disconnected' });
    subscriber.add(() => {
      sending.unsubscribe();
      remove(inProgress, connection, left);
      refuse(request, CS.ERR_TRY_AGAIN);
    });
    if (!subscriber.closed) add(inProgress, connection, left);
  });
}

// To RxJS a string is its characters, and bytes are numbers.
function whole(responses: ObservableInput<Response> | Payload): ObservableInput<Response> {
  return typeof responses === 'string' || responses instanceof Uint8Array
    ? of(responses)
    : responses;
}

function add(inProgress: InProgress, connection: IpcConnection, left: () => void): void {
  const others = inProgress.get(connection);
  if (others === undefined) inProgress.set(connection, new Set([left]));
  else others.add(left);
}

function remove(inProgress: InProgress, connection: IpcConnection, left: () => void): void {
  const all = inProgress.get(connection);
  all?.delete(left);
  if (all?.size === 0) inProgress.delete(connection);
}

// Answers with a status where there is no answer yet, and somebody to get it.
function refuse(request: IpcRequest, status: number): void {
  if (request.answered || request.connection.closed) return;
  try {
    request.fail(status);
  } catch (error) {
    // The connection went in the meantime.
    if (!CoroIpcError.is(error)) throw error;
  }
}

function tell(server: IpcServer, error: unknown, request: IpcRequest): void {
  try {
    server.emit('requestError', error, request);
  } catch (failure) {
    // A listener's exception is an uncaught one, as where the server itself emits.
    queueMicrotask(() => {
      throw failure;
    });
  }
}

function statusOf(error: unknown): number {
  if (!CoroIpcError.is(error)) return CS.ERR_LIBRARY;
  const { status } = error;
  return Number.isInteger(status) && status > CS.OK && status <= MAX_INT32
    ? status
    : CS.ERR_LIBRARY;
}
