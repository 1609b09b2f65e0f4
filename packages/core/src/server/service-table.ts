// The services of an IpcServer and their commands. Both are found in constant time, in maps that
// hold what was registered and nothing else.

import {
  checkFunction,
  checkId,
  checkObject,
  checkOptionalFunction,
  MAX_ID,
} from '../arguments.js';
import { CoroIpcError } from '../errors.js';
import type { Payload } from '../messages.js';
import { CS } from '../status.js';
import type { IpcConnection } from './ipc-connection.js';
import type { IpcRequest } from './ipc-request.js';

// biome-ignore lint/suspicious/noConfusingVoidType: a function declared to return nothing is meant.
type Answer = Payload | undefined | void;

/**
 * Serves one command. What it returns is the answer: a payload, or a promise of one (`undefined`
 * is an empty answer then). One that returns `undefined` itself answers later, by
 * `request.respond` or `request.fail`. What it throws or rejects with is answered with a
 * CoroIpcError's status, else with ERR_LIBRARY, and emitted as `requestError`.
 */
export type RequestHandler = (request: IpcRequest) => Answer | Promise<Answer>;

/** What a service does. */
export interface ServiceDefinition {
  /**
   * A peer connects. Throw to refuse it: a CoroIpcError's status goes to the peer, ERR_LIBRARY for
   * anything else.
   */
  connect?(connection: IpcConnection): void;
  /** A connection of the service is over. */
  disconnect?(connection: IpcConnection): void;
  /** A command table: ids of 0 to 65535. It is read once, at registration. */
  readonly requests?: { readonly [id: number]: RequestHandler };
  /** A selector, asked for the ids that the table lacks. */
  select?(id: number): RequestHandler | undefined;
}

/** One registered service. */
export class Service {
  readonly definition: ServiceDefinition;
  /** Its connections. */
  readonly connections: Set<IpcConnection> = new Set<IpcConnection>();
  readonly #requests = new Map<number, RequestHandler>();

  constructor(definition: ServiceDefinition) {
    checkObject('definition', definition);
    checkOptionalFunction('definition.connect', definition.connect);
    checkOptionalFunction('definition.disconnect', definition.disconnect);
    checkOptionalFunction('definition.select', definition.select);
    this.definition = definition;
    if (definition.requests === undefined) return;
    checkObject('definition.requests', definition.requests);
    for (const [key, handler] of Object.entries(definition.requests)) {
      const id = commandId(key);
      checkFunction(`definition.requests[${id}]`, handler);
      this.#requests.set(id, handler);
    }
  }

  /** Who serves a command; `undefined`: nobody. */
  handler(id: number): RequestHandler | undefined {
    if (id < 0 || id > MAX_ID) return undefined;
    const handler = this.#requests.get(id);
    if (handler !== undefined || this.definition.select === undefined) return handler;
    const selected = this.definition.select(id);
    checkOptionalFunction(`definition.select(${id})`, selected);
    return selected;
  }
}

function commandId(key: string): number {
  const id = Number(key);
  if (!Number.isInteger(id) || id < 0 || id > MAX_ID || String(id) !== key) {
    throw new RangeError(
      `definition.requests must have ids from 0 to ${MAX_ID}, got ${JSON.stringify(key)}`,
    );
  }
  return id;
}

/** The services of one server. */
export class ServiceTable {
  readonly #services = new Map<number, Service>();

  /** Registers a service. Throws EXIST when its number is taken. */
  add(service: number, definition: ServiceDefinition): void {
    checkId('service', service);
    if (this.#services.has(service)) {
      throw new CoroIpcError(CS.ERR_EXIST, `service ${service} is registered`);
    }
    this.#services.set(service, new Service(definition));
  }

  get(service: number): Service | undefined {
    return this.#services.get(service);
  }
}
