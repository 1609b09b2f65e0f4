// The services of an IpcServer and their commands. Both are found in constant time, in maps that
// hold what was registered and nothing else. A command goes to the handler of its id, then to the
// service's selector, then to the handler that takes the rest.

import {
  checkBoolean,
  checkFunction,
  checkId,
  checkObject,
  checkOptionalFunction,
  MAX_ID,
  optionNames,
} from '../arguments.js';
import { CoroIpcError } from '../errors.js';
import type { Payload } from '../messages.js';
import { checkOverflow, type Overflow, type OverflowPolicy } from '../server-engine/overflow.js';
import { CS } from '../status.js';
import type { ZeroCopyBuffer } from '../zero-copy-buffer.js';
import type { IpcConnection } from './ipc-connection.js';
import type { IpcRequest } from './ipc-request.js';
import { RecentMap } from './recent-map.js';

// biome-ignore lint/suspicious/noConfusingVoidType: a function declared to return nothing is meant.
type Answer = Payload | ZeroCopyBuffer | undefined | void;

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
  /**
   * What happens to dispatch messages while a client's ring is full. Default `'queue'`. It is read
   * once, at registration, as is `maxQueueBytes`.
   */
  readonly overflow?: OverflowPolicy | undefined;
  /**
   * Gives requests that lie in a client's zero-copy buffer where they lie, until they are answered; the
   * client may still write there. Default false: they are copied.
   */
  readonly inPlace?: boolean | undefined;
  /** Most bytes of dispatch messages queued for one connection. Default: the server's limit. */
  readonly maxQueueBytes?: number | undefined;
}

/** A handler that was added with {@link IpcServer.handle}. `[Symbol.dispose]()` is `remove()`. */
export interface HandlerRegistration extends Disposable {
  /** Takes the handler away. Requests that it was given stay its own; a second call does nothing. */
  remove(): void;
}

/** One registered service. */
export class Service {
  readonly definition: ServiceDefinition;
  /** `undefined`: as the server's limits say. */
  readonly overflow: Overflow | undefined;
  readonly #requests = new RecentMap<RequestHandler>();
  /** Takes what nobody else does. */
  #otherwise: RequestHandler | undefined;

  constructor(definition: ServiceDefinition) {
    checkDefinition(definition);
    checkOptionalFunction('definition.connect', definition.connect);
    checkOptionalFunction('definition.disconnect', definition.disconnect);
    checkOptionalFunction('definition.select', definition.select);
    this.definition = definition;
    this.overflow = checkOverflow('definition', definition);
    if (definition.inPlace !== undefined) checkBoolean('definition.inPlace', definition.inPlace);
    if (definition.requests === undefined) return;
    checkRequests(definition.requests);
    for (const [key, handler] of Object.entries(definition.requests)) {
      const id = commandId(key);
      checkFunction(`definition.requests[${id}]`, handler);
      this.#requests.set(id, handler);
    }
  }

  /** Who serves a command; `undefined`: nobody. */
  handler(id: number): RequestHandler | undefined {
    if (id < 0 || id > MAX_ID) return undefined;
    return this.#requests.get(id) ?? this.#selected(id) ?? this.#otherwise;
  }

  /** Whether `add` would take a handler. */
  has(id: number | undefined): boolean {
    return id === undefined ? this.#otherwise !== undefined : this.#requests.has(id);
  }

  add(id: number | undefined, handler: RequestHandler): void {
    if (id === undefined) this.#otherwise = handler;
    else this.#requests.set(id, handler);
  }

  /** Takes a handler away; whether none is left. */
  remove(id: number | undefined): boolean {
    if (id === undefined) this.#otherwise = undefined;
    else this.#requests.delete(id);
    return this.#otherwise === undefined && this.#requests.size === 0;
  }

  #selected(id: number): RequestHandler | undefined {
    if (this.definition.select === undefined) return undefined;
    const selected = this.definition.select(id);
    checkOptionalFunction(`definition.select(${id})`, selected);
    return selected;
  }
}

const MEMBERS = optionNames<ServiceDefinition>({
  connect: true,
  disconnect: true,
  requests: true,
  select: true,
  overflow: true,
  inPlace: true,
  maxQueueBytes: true,
});

// It may have members of its own, which its functions find in `this`, but not those alone.
function checkDefinition(definition: unknown): void {
  checkObject('definition', definition);
  const own = Object.keys(definition as object);
  if (own.length === 0 || MEMBERS.some((member) => member in (definition as object))) return;
  throw new TypeError(`definition must have any of ${MEMBERS.join(', ')}, got ${own.join(', ')}`);
}

// A Map, as other things that hold their members elsewhere, would be a table of none.
function checkRequests(requests: unknown): void {
  checkObject('definition.requests', requests);
  if (requests instanceof Map) {
    throw new TypeError(
      'definition.requests must be an object of handlers by id, got a Map: give Object.fromEntries(map)',
    );
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

/** The services of one server, and the connections of each. */
export class ServiceTable {
  readonly #services = new RecentMap<Service>();
  // Apart from the services: one that only handlers made may go and come while its peers stay.
  readonly #connections = new Map<number, Set<IpcConnection>>();

  /** Registers a service. Throws EXIST when its number is taken. */
  add(service: number, definition: ServiceDefinition): void {
    checkId('service', service);
    if (this.#services.has(service)) {
      throw new CoroIpcError(CS.ERR_EXIST, `service ${service} is registered`);
    }
    this.#services.set(service, new Service(definition));
  }

  /**
   * Adds one handler, for `undefined` the one that takes what nobody else does. A service that is
   * not there is there until the last of its handlers goes. Throws EXIST when there is one already.
   */
  handle(service: number, id: number | undefined, handler: RequestHandler): HandlerRegistration {
    checkId('service', service);
    if (id !== undefined) checkId('id', id);
    checkFunction('handler', handler);
    const registered = this.#services.get(service);
    if (registered?.has(id)) {
      const what = id === undefined ? 'every other id' : `id ${id}`;
      throw new CoroIpcError(CS.ERR_EXIST, `service ${service} has a handler for ${what}`);
    }
    const owner = registered ?? new Service(MADE_BY_HANDLERS);
    this.#services.set(service, owner);
    owner.add(id, handler);
    let there = true;
    const remove = (): void => {
      if (!there) return;
      there = false;
      const empty = owner.remove(id);
      if (empty && owner.definition === MADE_BY_HANDLERS) this.#services.delete(service);
    };
    return { remove, [Symbol.dispose]: remove };
  }

  get(service: number): Service | undefined {
    return this.#services.get(service);
  }

  /** The connections of a service. */
  connections(service: number): Iterable<IpcConnection> {
    return this.#connections.get(service) ?? [];
  }

  joined(connection: IpcConnection): void {
    const connections = this.#connections.get(connection.service);
    if (connections === undefined) {
      this.#connections.set(connection.service, new Set([connection]));
    } else {
      connections.add(connection);
    }
  }

  left(connection: IpcConnection): void {
    const connections = this.#connections.get(connection.service);
    connections?.delete(connection);
    if (connections?.size === 0) this.#connections.delete(connection.service);
  }
}

const MADE_BY_HANDLERS: ServiceDefinition = Object.freeze({});
