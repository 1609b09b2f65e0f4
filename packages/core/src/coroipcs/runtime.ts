// A server of coroipcs: the functions of a state, called in the order that the C library of
// generation 1.4 calls them. It is the opaque IpcsServer of the public functions.
//
// A request: serializeLock, sendingAllowed, the request function, sendingAllowedRelease,
// serializeUnlock. Whatever of these throws, what was taken is given back, and the request has an
// answer unless its function sent one.

import { MAX_ID } from '../arguments.js';
import type { ServerConnection } from '../server-engine/connection.js';
import { ServerEngine } from '../server-engine/engine.js';
import type { ServerOwner } from '../server-engine/owner.js';
import type { ServerWatches } from '../server-engine/watches.js';
import { CS } from '../status.js';
import { type Hooks, isTrue } from './hooks.js';
import type { IpcsServer } from './state.js';
import { ConnectionStatistics } from './statistics.js';

const SCRATCH_BYTES = 512;

/** What coroipcs keeps beside a connection: its attachment. */
export class ConnectionRecord {
  readonly server: ServerRuntime;
  privateData: unknown;
  statistics: ConnectionStatistics | undefined;
  #scratch: Buffer | undefined;

  constructor(server: ServerRuntime, privateData: Buffer | undefined) {
    this.server = server;
    this.privateData = privateData;
  }

  /** The 512 bytes of `sendingAllowed`; made when it is asked for the first time. */
  get scratch(): Buffer {
    this.#scratch ??= Buffer.alloc(SCRATCH_BYTES);
    return this.#scratch;
  }
}

/** The servers of this thread that `ipcExit` without an argument ends. */
export const runtimes: Set<ServerRuntime> = new Set<ServerRuntime>();

export class ServerRuntime implements IpcsServer, ServerOwner {
  readonly socketName: string;
  readonly engine: ServerEngine;
  readonly #hooks: Hooks;
  #closed = false;

  constructor(hooks: Hooks, watches: ServerWatches) {
    this.socketName = hooks.socketName;
    this.engine = new ServerEngine(hooks.socketName, this, watches);
    this.#hooks = hooks;
  }

  get closed(): boolean {
    return this.#closed;
  }

  open(): void {
    const { access, limits, countChanges, wires } = this.#hooks;
    // `responseSend` names a connection, not a request.
    this.engine.open({ access, limits, countChanges, wires, oneAtATime: true });
    runtimes.add(this);
  }

  admit(connection: ServerConnection): number {
    const { uid, gid, service } = connection.identity;
    if (!isTrue(this.#hooks.securityValid(uid, gid))) return CS.ERR_SECURITY;
    const exists =
      service >= 0 && service <= MAX_ID && isTrue(this.#hooks.serviceAvailable(service));
    return exists ? CS.OK : CS.ERR_NOT_EXIST;
  }

  connected(connection: ServerConnection): number {
    const size = this.#hooks.privateDataSizeGet(connection.service);
    const record = new ConnectionRecord(this, size === undefined ? size : Buffer.alloc(size));
    connection.attachment = record;
    const policy = this.#hooks.overflowGet(connection.service);
    if (policy !== undefined) connection.setOverflow({ policy, maxQueueBytes: undefined });
    const result: unknown = this.#hooks.initFnGet(connection.service)?.(connection);
    if (result !== undefined && typeof result !== 'number') {
      throw new TypeError('a connect function must return a number or nothing');
    }
    if (result !== undefined && result !== 0) return CS.ERR_LIBRARY;
    if (this.#hooks.statsCreateConnection !== undefined || this.#hooks.countChanges) {
      record.statistics = new ConnectionStatistics(this.#hooks, connection);
    }
    return CS.OK;
  }

  request(connection: ServerConnection, id: number, size: number, zeroCopy: boolean): boolean {
    const record = connection.attachment as ConnectionRecord;
    const { token } = connection;
    this.#hooks.serializeLock();
    try {
      const message = zeroCopy ? connection.view(size, 0) : connection.message(size, false);
      if (this.#hooks.sendingAllowed === undefined) this.#handle(connection, record, id, message);
      else this.#handleAllowed(connection, record, id, message);
    } catch (error) {
      this.engine.raise(error);
      connection.refuse(token, id, CS.ERR_LIBRARY);
    } finally {
      this.#unlock();
    }
    // A function that returns nothing here may have left anything to do.
    return true;
  }

  // The state's statistics are of connections, and it is none; the log tells of it.
  disconnected(connection: ServerConnection): boolean {
    const record = connection.attachment as ConnectionRecord;
    this.#hooks.serializeLock();
    let busy = false;
    try {
      busy = this.#hooks.exitFnGet(connection.service)?.(connection) === -1;
    } catch (error) {
      this.engine.raise(error);
    } finally {
      this.#unlock();
    }
    if (!busy) record.statistics?.destroy();
    return !busy;
  }

  released(): void {}

  counted(connection: ServerConnection, counter: number, value: number): void {
    const record = connection.attachment as ConnectionRecord | undefined;
    record?.statistics?.counted(counter, value);
  }

  drained(): void {}

  // The C functions have no counter for it; the log has a line.
  turnedAway(): void {}

  log(level: number, message: string): void {
    this.#hooks.log(level, message);
  }

  ended(): void {
    this.#closed = true;
    runtimes.delete(this);
  }

  // An exception of its own must not take the place of one on its way, nor count as one of the
  // request's function.
  #unlock(): void {
    try {
      this.#hooks.serializeUnlock();
    } catch (error) {
      this.engine.raise(error);
    }
  }

  #handleAllowed(
    connection: ServerConnection,
    record: ConnectionRecord,
    id: number,
    message: Buffer,
  ): void {
    const { scratch } = record;
    try {
      const allowed = this.#hooks.sendingAllowed?.(connection.service, id, message, scratch);
      if (allowed === 1) this.#handle(connection, record, id, message);
      else if (allowed === 0) overloaded(connection, record);
      else invalid(connection, record);
    } finally {
      this.#release(scratch);
    }
  }

  #release(scratch: Buffer): void {
    try {
      this.#hooks.sendingAllowedRelease(scratch);
    } catch (error) {
      this.engine.raise(error);
    }
  }

  #handle(
    connection: ServerConnection,
    record: ConnectionRecord,
    id: number,
    message: Buffer,
  ): void {
    const handler: unknown = this.#hooks.handlerFnGet(connection.service, id);
    if (typeof handler === 'function') handler(connection, message);
    else invalid(connection, record);
  }
}

function invalid(connection: ServerConnection, record: ConnectionRecord): void {
  connection.refuse(connection.token, connection.requestId, CS.ERR_INVALID_PARAM);
  connection.invalidRequests += 1;
  record.statistics?.increment('invalid_request');
}

function overloaded(connection: ServerConnection, record: ConnectionRecord): void {
  connection.refuse(connection.token, connection.requestId, CS.ERR_TRY_AGAIN);
  connection.overloads += 1;
  record.statistics?.increment('overload');
}
