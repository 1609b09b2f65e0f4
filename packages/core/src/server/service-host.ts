// What an IpcServer does for the engine: admission, the functions of services, answers.
//
// A request's way: the handler from the service's table, a copy of the payload, the handler's
// result as the answer. Whatever goes wrong in between is answered with a status, so that no peer
// waits for ever, and emitted as `requestError`.

import { debuglog } from 'node:util';
import { checkFunction, isPlainBuffer, MAX_INT32 } from '../arguments.js';
import { CoroIpcError } from '../errors.js';
import { type Payload, REQUEST_HEADER_BYTES } from '../messages.js';
import type { TurnedAway } from '../native.js';
import type { ServerConnection } from '../server-engine/connection.js';
import type { ServerOwner } from '../server-engine/owner.js';
import { CS } from '../status.js';
import { IpcConnection, keepStats } from './ipc-connection.js';
import { answerWith, IpcRequest } from './ipc-request.js';
import { addStats, noStats, type ServerStats, type Totals } from './server-stats.js';
import type { ServiceDefinition, ServiceTable } from './service-table.js';

/** Who wants to connect, as the kernel says. */
export interface PeerCredentials {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
}

export type Authenticate = (peer: PeerCredentials, service: number) => boolean;

/** Where the server's events go, and what it can do to a connection. */
export interface ServiceHostOutlet {
  connection(connection: IpcConnection): void;
  disconnect(connection: IpcConnection): void;
  drain(connection: IpcConnection): void;
  requestError(error: unknown, request: IpcRequest): void;
  ended(): void;
  /** Takes an exception that must not stop what goes on. */
  raise(error: unknown): void;
  /** Ends a connection. */
  end(link: ServerConnection): void;
}

/** What is attached to a connection of the engine's. */
interface Served {
  readonly connection: IpcConnection;
  /** Whose connect function it went through, and whose disconnect function it will. */
  readonly definition: ServiceDefinition;
}

const debug = debuglog('coroipc');

export class ServiceHost implements ServerOwner {
  readonly connections: Set<IpcConnection> = new Set<IpcConnection>();
  readonly #name: string;
  readonly #services: ServiceTable;
  readonly #authenticate: Authenticate;
  readonly #outlet: ServiceHostOutlet;
  readonly #ended: Totals = noStats();
  #connectionsTotal = 0;
  #refused = 0;
  readonly #turnedAway: Record<TurnedAway, number> = {
    'by limit': 0,
    'for want': 0,
    'for delay': 0,
    'for fault': 0,
  };

  constructor(
    name: string,
    services: ServiceTable,
    authenticate: Authenticate,
    outlet: ServiceHostOutlet,
  ) {
    this.#name = name;
    this.#services = services;
    this.#authenticate = authenticate;
    this.#outlet = outlet;
  }

  stats(): ServerStats {
    const totals = { ...this.#ended };
    for (const connection of this.connections) addStats(totals, connection.stats());
    return {
      ...totals,
      connections: this.connections.size,
      connectionsTotal: this.#connectionsTotal,
      refused: this.#refused,
      refusedByLimits: this.#turnedAway['by limit'],
      refusedForResources: this.#turnedAway['for want'],
      failedHandshakes: this.#turnedAway['for fault'] + this.#turnedAway['for delay'],
      handshakeTimeouts: this.#turnedAway['for delay'],
    };
  }

  admit(link: ServerConnection): number {
    const { uid, gid, pid, service } = link.identity;
    // Counted as refused until it is not: the function below may throw.
    this.#refused += 1;
    if (this.#authenticate({ uid, gid, pid }, service) !== true) return CS.ERR_SECURITY;
    if (this.#services.get(service) === undefined) return CS.ERR_NOT_EXIST;
    this.#refused -= 1;
    return CS.OK;
  }

  connected(link: ServerConnection): number {
    const service = this.#services.get(link.service);
    if (service === undefined) return CS.ERR_NOT_EXIST;
    const connection = new IpcConnection(link, this.#outlet.end);
    const served: Served = { connection, definition: service.definition };
    link.attachment = served;
    if (service.overflow !== undefined) link.setOverflow(service.overflow);
    try {
      service.definition.connect?.(connection);
    } catch (error) {
      this.#refused += 1;
      keepStats(connection);
      this.log(5, `service ${link.service} refused a connection: ${error}`);
      return statusOf(error);
    }
    this.#connectionsTotal += 1;
    this.connections.add(connection);
    this.#services.joined(connection);
    this.#quietly(() => this.#outlet.connection(connection));
    return CS.OK;
  }

  request(link: ServerConnection, id: number, size: number, zeroCopy: boolean): boolean {
    const { connection, definition } = link.attachment as Served;
    const payload =
      zeroCopy && definition.inPlace === true
        ? link.view(size, REQUEST_HEADER_BYTES)
        : link.payload(size, zeroCopy);
    const request = new IpcRequest(payload, connection, link);
    try {
      const handler = this.#services.get(link.service)?.handler(id);
      if (handler === undefined) return refuse(link, id);
      const result = handler(request);
      if (isPlainBuffer(result)) this.#answer(request, result);
      else if (result !== undefined) this.#take(request, result);
    } catch (error) {
      this.#failed(request, error);
    }
    return !request.answered;
  }

  disconnected(link: ServerConnection): boolean {
    const { connection, definition } = link.attachment as Served;
    this.connections.delete(connection);
    this.#services.left(connection);
    this.#quietly(() => addStats(this.#ended, { ...keepStats(connection), ...NOTHING_QUEUED }));
    this.#quietly(() => definition.disconnect?.(connection));
    this.#quietly(() => this.#outlet.disconnect(connection));
    return true;
  }

  released(): void {}

  counted(): void {}

  drained(link: ServerConnection): void {
    this.#outlet.drain((link.attachment as Served).connection);
  }

  turnedAway(why: TurnedAway): void {
    this.#turnedAway[why] += 1;
  }

  log(level: number, message: string): void {
    debug('%s: <%d> %s', this.#name, level, message);
  }

  ended(): void {
    this.#outlet.ended();
  }

  // A closure is made only where a promise needs one.
  #take(request: IpcRequest, result: unknown): void {
    if (isThenable(result)) {
      result.then(
        (payload) => this.#settle(request, payload),
        (error: unknown) => this.#failed(request, error),
      );
    } else {
      this.#settle(request, result);
    }
  }

  // A result after an answer, or after the connection, has nobody to go to.
  #settle(request: IpcRequest, payload: unknown): void {
    if (request.answered || request.connection.closed) return;
    try {
      request.respond(payload as Payload | undefined);
    } catch (error) {
      this.#unanswered(request, error);
    }
  }

  // The same with what results mostly are.
  #answer(request: IpcRequest, bytes: Buffer): void {
    if (request.answered || request.connection.closed) return;
    try {
      answerWith(request, bytes);
    } catch (error) {
      this.#unanswered(request, error);
    }
  }

  // The handler itself may have ended the connection, which is then told of after its request.
  #unanswered(request: IpcRequest, error: unknown): void {
    if (!CoroIpcError.is(error, CS.ERR_LIBRARY)) this.#failed(request, error);
  }

  #failed(request: IpcRequest, error: unknown): void {
    if (!request.answered && !request.connection.closed) {
      try {
        request.fail(statusOf(error));
      } catch (reason) {
        this.log(5, `request ${request.id} got no answer: ${reason}`);
      }
    }
    this.#outlet.requestError(error, request);
  }

  #quietly(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#outlet.raise(error);
    }
  }
}

/** Nobody takes the last request of a connection. */
function refuse(link: ServerConnection, id: number): boolean {
  link.invalidRequests += 1;
  link.refuse(link.token, id, CS.ERR_INVALID_PARAM);
  return false;
}

const NOTHING_QUEUED = { queuedMessages: 0, queuedBytes: 0 };

// A status that no header can carry is none.
function statusOf(error: unknown): number {
  if (!CoroIpcError.is(error)) return CS.ERR_LIBRARY;
  const { status } = error;
  return Number.isInteger(status) && status > CS.OK && status <= MAX_INT32
    ? status
    : CS.ERR_LIBRARY;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    // Most answers are bytes, and to look for a name in those takes time.
    !ArrayBuffer.isView(value) &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

/** Checks `authenticate`: what it returns is compared with `true`, so a Promise denies. */
export function checkAuthenticate(value: unknown): Authenticate | undefined {
  if (value === undefined) return undefined;
  checkFunction('options.authenticate', value);
  return value as Authenticate;
}
