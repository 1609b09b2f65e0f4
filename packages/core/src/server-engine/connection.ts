// One connection of a server, as the engine knows it. Both server APIs stand on it: it is the
// opaque `conn` of coroipcs, and what an IpcConnection wraps.
//
// Invariants: `number` is the core's name of it and is never used twice. `waiting` is true exactly
// while a request was handed to the owner and has no answer yet; there is one request at a time.
// Life: admitted → open → ended → released, the last two only forwards. Only the engine changes
// `phase`.

import { CoroIpcError } from '../errors.js';
import { headerOnly, releaseParts, responseParts } from '../messages.js';
import { COUNTER_NAMES, type CounterName, type NativeParts, native } from '../native.js';
import { CS } from '../status.js';

/** Who is at the other end, as the kernel says, and the wire's generation (12 or 14). */
export interface ConnectionIdentity {
  readonly number: number;
  readonly service: number;
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  readonly generation: number;
  readonly fd: number;
}

export type ConnectionPhase = 'admitted' | 'open' | 'ended' | 'released';

const COUNTER_NUMBER = Object.fromEntries(
  COUNTER_NAMES.map((name, number) => [name, number]),
) as Record<CounterName, number>;

export class ServerConnection {
  readonly identity: ConnectionIdentity;
  /** The core's name of the connection. */
  readonly number: number;
  readonly service: number;
  /** Which server API the connection belongs to: set by the owner. */
  attachment: unknown = undefined;
  phase: ConnectionPhase = 'admitted';
  /** Whether a request waits for its answer. */
  waiting = false;
  /** Counts the requests, so that a late answer can be told from the next request's. */
  serial = 0;
  /** The id of the last request. */
  requestId = 0;
  /** Requests answered with INVALID_PARAM because nobody takes them. */
  invalidRequests = 0;
  /** Requests answered with TRY_AGAIN by sendingAllowed. */
  overloads = 0;
  #references = 0;

  constructor(identity: ConnectionIdentity) {
    this.identity = identity;
    this.number = identity.number;
    this.service = identity.service;
  }

  /** Notes that a request waits; returns its serial number. */
  begin(id: number): number {
    this.waiting = true;
    this.requestId = id;
    this.serial += 1;
    return this.serial;
  }

  /** Whether the request of this serial number has no answer yet. */
  awaits(serial: number): boolean {
    return this.waiting && this.serial === serial && this.phase === 'open';
  }

  /** Copies the waiting request, header included, to memory of its own. */
  read(size: number): Buffer {
    const message = Buffer.allocUnsafe(size);
    const read = native.requestRead(this.number, message);
    return read === size ? message : message.subarray(0, read);
  }

  /** The waiting zero-copy request where it lies; the peer may still write there. */
  view(): Buffer {
    const { buffer, offset, size } = native.requestView(this.number);
    return Buffer.from(buffer, offset, size);
  }

  /** Answers the waiting request with a whole message. */
  respond(parts: NativeParts): void {
    this.#checkOpen('respond');
    native.respond(this.number, parts);
    this.waiting = false;
  }

  /** Answers the waiting request with a header and a payload. */
  respondWith(status: number, payload: Uint8Array): void {
    this.respond(responseParts(this.requestId, status, payload));
    releaseParts();
  }

  /**
   * Answers the waiting request with a status alone; a peer that went in the meantime is no error
   * here, since nobody is left to be told.
   */
  refuse(status: number): void {
    try {
      this.respond(headerOnly(this.requestId, status));
    } catch (error) {
      if (!CoroIpcError.is(error)) throw error;
    }
  }

  /** Sends or queues a whole dispatch message; false when queued. */
  dispatch(parts: NativeParts): boolean {
    this.#checkOpen('dispatch');
    return native.dispatch(this.number, parts);
  }

  /** Keeps the core's connection beyond its end. */
  hold(): void {
    this.#checkAlive('refcountInc');
    native.connectionRef(this.number);
    this.#references += 1;
  }

  /** Gives back what `hold` took. */
  letGo(): void {
    this.#checkAlive('refcountDec');
    if (this.#references === 0) {
      throw new CoroIpcError(CS.ERR_BAD_OPERATION, 'refcountDec without a refcountInc before it');
    }
    this.#references -= 1;
    try {
      native.connectionUnref(this.number);
    } catch (error) {
      // A server that has closed took the core's connection along, whoever referred to it.
      if (!CoroIpcError.is(error, CS.ERR_BAD_HANDLE)) throw error;
    }
  }

  /** The value of a counter in `counters`, a list in the core's order; ours are added. */
  static counter(counters: readonly number[], name: CounterName): number {
    return counters[COUNTER_NUMBER[name]] ?? 0;
  }

  #checkOpen(what: string): void {
    if (this.phase !== 'open') {
      throw new CoroIpcError(CS.ERR_LIBRARY, `${what}: the connection is over`);
    }
  }

  #checkAlive(what: string): void {
    if (this.phase === 'released') {
      throw new CoroIpcError(CS.ERR_BAD_HANDLE, `${what}: the connection is gone`);
    }
  }
}
