// One connection of an IpcServer, as services see it.

import { checkId, checkPayload, isPlainBuffer } from '../arguments.js';
import { CoroIpcError } from '../errors.js';
import type { Payload } from '../messages.js';
import type { ServerConnection } from '../server-engine/connection.js';
import { CS } from '../status.js';
import type { Wire } from '../wires.js';
import { ZeroCopyBuffer } from '../zero-copy-buffer.js';
import { type ConnectionStats, statsOf } from './server-stats.js';

/**
 * {@link IpcConnection.dispatch} of arguments that were checked. The library's, as the next: not methods,
 * which users would see.
 */
export let dispatchTo: (connection: IpcConnection, id: number, payload: Uint8Array) => boolean;
/** Keeps the counters of a connection that ends. */
export let keepStats: (connection: IpcConnection) => ConnectionStats;

/** A connection, from a service's `connect` to its `disconnect`. */
export class IpcConnection {
  static {
    dispatchTo = (connection, id, payload) => connection.#dispatch(id, payload);
    keepStats = (connection) => {
      connection.#last ??= statsOf(connection.#link);
      return connection.#last;
    };
  }

  /** A number that no other connection of this thread ever has. */
  readonly id: number;
  readonly service: number;
  /** The peer's effective user id when it connected, as the kernel says. */
  readonly uid: number;
  /** The peer's effective group id when it connected, as the kernel says. */
  readonly gid: number;
  /** The peer's process id, as the kernel says. */
  readonly pid: number;
  /** The wire that the peer speaks. */
  readonly wire: Wire;
  /** The generation of the classic wire that the peer speaks; undefined on the native wire. */
  readonly generation: '1.2' | '1.4' | undefined;
  /** Private data: whatever the service keeps here. */
  data: unknown = undefined;
  readonly #link: ServerConnection;
  readonly #end: (link: ServerConnection) => void;
  #closing = false;
  #last: ConnectionStats | undefined;

  /** Called by the library alone. `end` ends the core's connection. */
  constructor(link: ServerConnection, end: (link: ServerConnection) => void) {
    const { number, service, uid, gid, pid, generation } = link.identity;
    this.id = number;
    this.service = service;
    this.uid = uid;
    this.gid = gid;
    this.pid = pid;
    this.wire = generation === 0 ? 'native' : 'classic';
    this.generation = generation === 14 ? '1.4' : generation === 12 ? '1.2' : undefined;
    this.#link = link;
    this.#end = end;
  }

  /** Whether the connection is over, or is ending because `close` was called. */
  get closed(): boolean {
    return this.#closing || this.#link.phase !== 'open';
  }

  /**
   * Sends a dispatch message. While the client's ring is full, the service's `overflow` decides.
   *
   * @param id The message's id, 0 to 65535.
   * @returns false when it was queued; the server's `drain` event tells when the queue is empty.
   * @throws {CoroIpcError} TOO_BIG beyond what the ring can ever hold; TRY_AGAIN when it is refused,
   * and `drain` tells when it would be taken; LIBRARY when the connection is over, which with
   * `overflow: 'disconnect'` a message beyond the limit makes it.
   */
  dispatch(id: number, payload?: Payload | ZeroCopyBuffer): boolean {
    checkId('id', id);
    if (isPlainBuffer(payload)) return this.#dispatch(id, payload);
    if (payload instanceof ZeroCopyBuffer) {
      this.#checkNotClosing();
      this.#link.dispatchIn(id, payload);
      return true;
    }
    return this.#dispatch(id, checkPayload('payload', payload));
  }

  /**
   * Makes memory that the client has mapped, too, for answers and dispatch messages that are not to be
   * copied: given to `respond`, `dispatch`, or returned by a handler. On the native wire.
   *
   * @param bytes Its size, 1 to 2^30 - 65536.
   * @returns a promise of the buffer, rejected with NO_RESOURCES or TOO_BIG when the client takes no
   * more, or none so large; NOT_SUPPORTED on the classic wire.
   */
  createBuffer(bytes: number): Promise<ZeroCopyBuffer> {
    return this.#link.createBuffer(bytes);
  }

  /** The counters; of a closed connection, the last ones. */
  stats(): ConnectionStats {
    return this.#last ?? statsOf(this.#link);
  }

  #dispatch(id: number, payload: Uint8Array): boolean {
    this.#checkNotClosing();
    return this.#link.dispatchWith(id, payload);
  }

  #checkNotClosing(): void {
    if (this.#closing) throw new CoroIpcError(CS.ERR_LIBRARY, 'dispatch: the connection is over');
  }

  /** Ends the connection: its `disconnect` function runs soon. A second call does nothing. */
  close(): void {
    if (this.closed) return;
    this.#closing = true;
    // Not at once: this may be the connect function, and the core is in the midst of it then.
    queueMicrotask(() => this.#end(this.#link));
  }
}
