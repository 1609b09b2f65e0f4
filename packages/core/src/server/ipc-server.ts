// IpcServer: the server for people. Services are registered with command tables or selectors,
// and handlers answer at once, later, by a value or by a promise. It stands on the same engine as
// coroipcs and adds no second path.
//
// Life: idle → listening → closing → closed, or idle → closed. Everything is on one thread.

import { EventEmitter } from 'eventemitter3';
import {
  checkAdapter,
  checkId,
  checkOptions,
  checkPayload,
  checkSocketName,
} from '../arguments.js';
import { CoroIpcError } from '../errors.js';
import type { Payload } from '../messages.js';
import type { PollAdapter } from '../poll/contract.js';
import { threadPoll } from '../poll/thread-poll.js';
import { checkAccess, type PathAccess } from '../server-engine/access.js';
import { admitsByDefault } from '../server-engine/admission.js';
import { ServerEngine } from '../server-engine/engine.js';
import { type ServerLimits, serverLimits } from '../server-engine/limits.js';
import { AdapterWatches } from '../server-engine/watches.js';
import { CS } from '../status.js';
import { checkWires, type Wire } from '../wires.js';
import { dispatchTo, type IpcConnection } from './ipc-connection.js';
import {
  type IpcServerEvents,
  type IpcServerOptions,
  SERVER_OPTIONS,
} from './ipc-server-options.js';
import type { ServerStats } from './server-stats.js';
import { type Authenticate, checkAuthenticate, ServiceHost } from './service-host.js';
import {
  type HandlerRegistration,
  type RequestHandler,
  type ServiceDefinition,
  ServiceTable,
} from './service-table.js';

/**
 * A server of services.
 *
 * @example
 * const server = new IpcServer({ name: 'demo' });
 * server.service(7, { requests: { 1: ({ payload }) => payload } });
 * await server.listen();
 */
export class IpcServer extends EventEmitter<IpcServerEvents> implements AsyncDisposable {
  readonly name: string;
  readonly #access: PathAccess;
  readonly #wires: readonly Wire[];
  readonly #limits: ServerLimits;
  readonly #adapter: PollAdapter | undefined;
  readonly #services = new ServiceTable();
  readonly #host: ServiceHost;
  #engine: ServerEngine | undefined;
  #state: 'idle' | 'listening' | 'closing' | 'closed' = 'idle';
  #ref = true;
  readonly #closed: Promise<void>;
  #resolveClosed!: () => void;

  /** @throws {TypeError} @throws {RangeError} for options of the wrong kind or out of range. */
  constructor(options: IpcServerOptions) {
    super();
    checkOptions('options', options, SERVER_OPTIONS);
    this.name = checkSocketName('options.name', options.name);
    this.#access = checkAccess('options.', this.name, options.mode, options.owner);
    this.#wires = checkWires('options.wires', options.wires);
    this.#limits = serverLimits(options.limits);
    this.#adapter =
      options.adapter === undefined ? undefined : checkAdapter('options.adapter', options.adapter);
    const authenticate = checkAuthenticate(options.authenticate);
    this.#host = this.#makeHost(authenticate ?? ((peer) => admitsByDefault(peer.uid)));
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** Whether peers can connect. */
  get listening(): boolean {
    return this.#state === 'listening';
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  /** The connections of now. */
  get connections(): ReadonlySet<IpcConnection> {
    return this.#host.connections;
  }

  /**
   * Registers a service, before or after `listen`.
   *
   * @param service Its number, 0 to 65535.
   * @throws {CoroIpcError} EXIST when the number is taken.
   */
  service(service: number, definition: ServiceDefinition): this {
    this.#services.add(service, definition);
    return this;
  }

  /**
   * Adds one handler, at any time, until it is removed. A service that is not registered is made,
   * and admits peers until the last of its handlers goes; those it has stay.
   *
   * @param id The command id, 0 to 65535; `undefined` is every id that neither a handler of its own
   * nor the service's selector takes.
   * @throws {CoroIpcError} EXIST when there is such a handler.
   *
   * @example
   * const registration = server.handle(7, 1, ({ payload }) => payload);
   * registration.remove();
   */
  handle(service: number, id: number | undefined, handler: RequestHandler): HandlerRegistration {
    return this.#services.handle(service, id, handler);
  }

  /**
   * Binds the name and listens.
   * @throws {CoroIpcError} (by rejection) when the name is taken or the system refuses;
   * BAD_OPERATION when the server listens already or is closed.
   */
  async listen(): Promise<void> {
    if (this.#state !== 'idle') {
      throw new CoroIpcError(CS.ERR_BAD_OPERATION, `listen: the server is ${this.#state}`);
    }
    const watches = new AdapterWatches(this.#adapter ?? threadPoll());
    watches.ref(this.#ref);
    const engine = new ServerEngine(this.name, this.#host, watches);
    engine.open({
      access: this.#access,
      wires: this.#wires,
      limits: this.#limits,
      countChanges: false,
      oneAtATime: false,
    });
    this.#engine = engine;
    this.#state = 'listening';
    queueMicrotask(() => this.emit('listening'));
  }

  /**
   * Sends a dispatch message to every connection of a service.
   *
   * @returns how many took it, at once or into their queue; a refusal or the end of one connection
   * keeps it from no other.
   */
  publish(service: number, id: number, payload?: Payload): number {
    checkId('service', service);
    checkId('id', id);
    const bytes = checkPayload('payload', payload);
    let taken = 0;
    for (const connection of this.#services.connections(service)) {
      try {
        dispatchTo(connection, id, bytes);
        taken += 1;
      } catch (error) {
        if (!CoroIpcError.is(error)) throw error;
      }
    }
    return taken;
  }

  /** The counters of the server, ended connections included. */
  stats(): ServerStats {
    return this.#host.stats();
  }

  /** Lets the server keep the process alive: the state it starts in. */
  ref(): this {
    return this.#setRef(true);
  }

  /** Lets the process end while the server listens. */
  unref(): this {
    return this.#setRef(false);
  }

  /** Ends every connection and then the server. Every call gives the same promise. */
  close(): Promise<void> {
    if (this.#state === 'idle') {
      this.#finish();
    } else if (this.#state === 'listening') {
      this.#state = 'closing';
      this.#endEngine();
    }
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #setRef(on: boolean): this {
    this.#ref = on;
    this.#engine?.ref(on);
    return this;
  }

  // An exception of a disconnect function is none of `close`'s: the server does end.
  #endEngine(): void {
    try {
      this.#engine?.close();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #finish(): void {
    this.#state = 'closed';
    this.#resolveClosed();
    queueMicrotask(() => this.emit('close'));
  }

  #makeHost(authenticate: Authenticate): ServiceHost {
    return new ServiceHost(this.name, this.#services, authenticate, {
      connection: (connection) => this.emit('connection', connection),
      disconnect: (connection) => this.emit('disconnect', connection),
      drain: (connection) => this.emit('drain', connection),
      requestError: (error, request) => this.emit('requestError', error, request),
      ended: () => {
        // One while not closing is that of a `listen` that failed.
        if (this.#state === 'closing') this.#finish();
      },
      raise: (error) => this.#engine?.raise(error),
      end: (link) => this.#engine?.endConnection(link),
    });
  }
}
