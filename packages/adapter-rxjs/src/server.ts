// A server as Observables. Each is cold: a subscription adds listeners and handlers, unsubscribing
// takes them away, and nothing else is opened or closed.

import type { IpcConnection, IpcRequest, IpcServer } from '@coroipc/core';
import { checkOptions, optionNames } from '@coroipc/core/adapter';
import { Observable } from 'rxjs';
import { checkId, checkServer } from './arguments.js';

/** Which requests {@link requests} is about. */
export interface RequestsOptions {
  /** The service, 0 to 65535. */
  service: number;
  /** The command id, 0 to 65535. Default: every id that nobody else serves. */
  id?: number | undefined;
}

const OPTIONS = optionNames<RequestsOptions>({ service: true, id: true });

/**
 * The connections of a server: those of now, then each new one. Completes when the server closes.
 *
 * @example
 * ```ts
 * import { connections } from '@coroipc/adapter-rxjs';
 * import { IpcServer } from '@coroipc/core';
 *
 * const server = new IpcServer({ name: 'demo' });
 * connections(server).subscribe(({ pid, service }) => console.log(pid, service));
 * ```
 */
export function connections(server: IpcServer): Observable<IpcConnection> {
  checkServer(server);
  return new Observable((subscriber) => {
    const next = (connection: IpcConnection): void => subscriber.next(connection);
    const complete = (): void => subscriber.complete();
    server.on('connection', next);
    server.on('close', complete);
    subscriber.add(() => {
      server.off('connection', next);
      server.off('close', complete);
    });
    for (const connection of [...server.connections]) {
      if (subscriber.closed) return;
      next(connection);
    }
    if (server.closed) complete();
  });
}

/**
 * The requests of a service, while somebody is subscribed: its handler is added with the
 * subscription and goes with it. A service that is not registered is made, and admits peers for as
 * long. Completes when the server closes; fails with EXIST when the command has a handler, which a
 * second subscription finds, too (`share` it).
 *
 * A request belongs to whoever receives it, and has to be answered by `respond` or `fail`, also
 * after unsubscribing: its caller waits until then, or until a time limit of its own. An operator
 * that drops requests leaves their callers waiting, and so does a buffer that is thrown away; where
 * every request is to be answered whatever happens, use {@link serve}.
 *
 * @example
 * ```ts
 * import { requests } from '@coroipc/adapter-rxjs';
 * import { IpcServer } from '@coroipc/core';
 *
 * const server = new IpcServer({ name: 'demo' });
 * requests(server, { service: 7, id: 1 }).subscribe((request) => request.respond(request.payload));
 * await server.listen();
 * ```
 */
export function requests(server: IpcServer, options: RequestsOptions): Observable<IpcRequest> {
  checkServer(server);
  checkOptions('options', options, OPTIONS);
  const service = checkId('options.service', options.service);
  const id = options.id === undefined ? undefined : checkId('options.id', options.id);
  return new Observable((subscriber) => {
    if (server.closed) {
      subscriber.complete();
      return;
    }
    const registration = server.handle(service, id, (request) => subscriber.next(request));
    const complete = (): void => subscriber.complete();
    server.on('close', complete);
    subscriber.add(() => {
      registration.remove();
      server.off('close', complete);
    });
  });
}
