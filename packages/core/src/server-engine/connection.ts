// One connection of a server, as the engine knows it. Both server APIs stand on it: it is the
// opaque `conn` of coroipcs, and what an IpcConnection wraps.
//
// Invariants: `number` is the core's name of it and is never used twice. A request is named by its
// token; which of them wait for an answer the core knows.
// Life: admitted → open → ended → released, the last two only forwards. Only the engine changes
// `phase`.

import { arrived, renewArrivals, SMALL_BYTES } from '../arrivals.js';
import { CoroIpcError } from '../errors.js';
import {
  headerOnly,
  REQUEST_HEADER_BYTES,
  RESPONSE_HEADER_BYTES,
  releaseMessage,
  responseMessage,
} from '../messages.js';
import { COUNTER_NAMES, type CounterName, type NativeMessage, native } from '../native.js';
import { begins, ends, type Viewer, Wait } from '../rings/allowance.js';
import { type RequestSlot, ServerRings } from '../rings/server-rings.js';
import { CS } from '../status.js';
import {
  type BufferHome,
  BufferOffers,
  bufferBytes,
  checkBuffer,
  numberOf,
  type ZeroCopyBuffer,
} from '../zero-copy-buffer.js';
import { OVERFLOW_POLICIES, type Overflow } from './overflow.js';
import { SeenBuffers } from './seen-buffers.js';

/**
 * Who is at the other end, as the kernel says, and the classic wire's generation (12 or 14), or 0 for
 * the native wire.
 */
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

export class ServerConnection implements Viewer, RequestSlot {
  readonly identity: ConnectionIdentity;
  /** The core's name of the connection. */
  readonly number: number;
  readonly service: number;
  /** Which server API the connection belongs to: set by the owner. */
  attachment: unknown = undefined;
  phase: ConnectionPhase = 'admitted';
  /** The token and the id of the last request, and where it is in the arrivals; negative: nowhere yet. */
  token = 0;
  requestId = 0;
  offset = -1;
  #rings: ServerRings | undefined;
  readonly #wait: Wait;
  /** Made with the first request that lies in a buffer: few connections have any. */
  #seen: SeenBuffers | undefined;
  /** Requests answered with INVALID_PARAM because nobody takes them. */
  invalidRequests = 0;
  /** Requests answered with TRY_AGAIN by sendingAllowed. */
  overloads = 0;
  #references = 0;
  /** Made with the first buffer: few connections have any. */
  #offers: BufferOffers | undefined;

  constructor(identity: ConnectionIdentity) {
    this.identity = identity;
    this.number = identity.number;
    this.service = identity.service;
    this.#wait = identity.generation === 0 ? new Wait() : Wait.forEver();
  }

  /** The way past the core; undefined before it is worth its memory, and where there is none. */
  get rings(): ServerRings | undefined {
    return this.#rings;
  }

  /** To be called for each request, and each message. */
  used(): void {
    if (this.#rings !== undefined || this.phase !== 'open' || !this.#wait.over()) return;
    begins(this);
    this.#rings = ServerRings.of(this.number);
    if (this.#rings === undefined) ends(this);
  }

  /** The last request lies in a buffer: which, if JavaScript has seen it before, and where. */
  liesIn(buffer: number, offset: number): void {
    this.#seen ??= new SeenBuffers(this.number);
    this.#seen.liesIn(buffer, offset);
  }

  makeWay(): void {
    this.#rings = undefined;
    native.connectionHide(this.number);
    this.#wait.again();
  }

  /** The connection is over: the core shows nothing of it any more. */
  dropRings(): void {
    ends(this);
    this.#rings = undefined;
    this.#seen = undefined;
  }

  /**
   * The request that is being served, header included, in memory that nobody else writes to. To be
   * called before anything else is done for it.
   */
  message(size: number, zeroCopy: boolean): Buffer {
    const { offset } = this;
    return offset >= 0 ? arrived(offset, size) : this.#fetch(size, zeroCopy);
  }

  /** Its payload alone; otherwise as `message`. */
  payload(size: number, zeroCopy: boolean): Buffer {
    const { offset } = this;
    return offset >= 0
      ? arrived(offset + REQUEST_HEADER_BYTES, size - REQUEST_HEADER_BYTES)
      : this.#fetch(size, zeroCopy).subarray(REQUEST_HEADER_BYTES);
  }

  #fetch(size: number, zeroCopy: boolean): Buffer {
    const message = Buffer.allocUnsafe(size);
    native.requestRead(this.number, message);
    if (!zeroCopy && size <= SMALL_BYTES) renewArrivals();
    return message;
  }

  /**
   * That request, of `size` bytes in a zero-copy buffer, where it lies, from its byte `from` on; the
   * peer may still write there. A copy where JavaScript may not see it.
   */
  view(size: number, from: number): Buffer {
    return this.#seen?.view(size, from) ?? this.#fetch(size, true).subarray(from);
  }

  /** Answers a request with a whole message. */
  respond(token: number, message: NativeMessage): void {
    this.#checkOpen('respond');
    native.respond(this.number, token, message);
  }

  /** Answers a request with a header and a payload. */
  respondWith(token: number, id: number, status: number, payload: Uint8Array): void {
    this.#checkOpen('respond');
    if (this.#rings?.respond(token, id, status, payload) === true) return;
    this.#respondByCore(token, responseMessage(id, status, payload));
  }

  #respondByCore(token: number, message: NativeMessage): void {
    native.respond(this.number, token, message);
    releaseMessage(message);
  }

  /**
   * Answers a request with a status alone, unless it has its answer; a peer that went in the meantime
   * is no error here, since nobody is left to be told.
   */
  refuse(token: number, id: number, status: number): void {
    try {
      this.respond(token, headerOnly(id, status));
    } catch (error) {
      if (!CoroIpcError.is(error)) throw error;
    }
  }

  /** Sends or queues a dispatch message with a header and a payload; false when queued. */
  dispatchWith(id: number, payload: Uint8Array): boolean {
    this.#checkOpen('dispatch');
    this.used();
    if (this.#rings?.dispatch(id, payload) === true) return true;
    const message = responseMessage(id, CS.OK, payload);
    const sent = native.dispatch(this.number, message);
    releaseMessage(message);
    return sent;
  }

  /** Sends or queues a whole dispatch message; false when queued. */
  dispatch(message: NativeMessage): boolean {
    this.#checkOpen('dispatch');
    return native.dispatch(this.number, message);
  }

  /** What becomes of dispatch messages while the ring is full, from now on. */
  setOverflow({ policy, maxQueueBytes }: Overflow): void {
    native.connectionOverflow(this.number, OVERFLOW_POLICIES.indexOf(policy), maxQueueBytes);
  }

  /** Answers a request with a message that lies in a zero-copy buffer. */
  respondIn(token: number, id: number, buffer: ZeroCopyBuffer): void {
    this.#checkOpen('respond');
    checkBuffer(buffer, this.#offers?.home);
    const bytes = RESPONSE_HEADER_BYTES + buffer.length;
    native.respondIn(this.number, token, numberOf(buffer), id, bytes);
  }

  /** Sends a dispatch message that lies in one. */
  dispatchIn(id: number, buffer: ZeroCopyBuffer): void {
    this.#checkOpen('dispatch');
    checkBuffer(buffer, this.#offers?.home);
    native.dispatchIn(this.number, numberOf(buffer), id, RESPONSE_HEADER_BYTES + buffer.length);
  }

  /** Makes a zero-copy buffer for a payload of so many bytes. */
  createBuffer(bytes: number): Promise<ZeroCopyBuffer> {
    const size = bufferBytes('bytes', bytes);
    try {
      this.#checkOpen('createBuffer');
      const number = native.connectionBufferMake(this.number, size);
      this.#offers ??= offersOf(this);
      return this.#offers.add(number, bytes);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The client has answered an offer. */
  bufferAnswered(): void {
    this.#offers?.look();
  }

  /** The connection is over: what was offered has no answer any more. */
  failOffers(): void {
    if (!this.#offers?.any) return;
    this.#offers.fail(new CoroIpcError(CS.ERR_LIBRARY, 'the connection is over'));
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
    if (this.phase !== 'open') throw isOver(what);
  }

  #checkAlive(what: string): void {
    if (this.phase === 'released') {
      throw new CoroIpcError(CS.ERR_BAD_HANDLE, `${what}: the connection is gone`);
    }
  }
}

function isOver(what: string): CoroIpcError {
  return new CoroIpcError(CS.ERR_LIBRARY, `${what}: the connection is over`);
}

function offersOf(connection: ServerConnection): BufferOffers {
  const { number } = connection;
  const home: BufferHome = {
    memory: (buffer) => native.connectionBufferMemory(number, buffer),
    out: (buffer) => (connection.phase === 'open' ? native.connectionBufferOut(number, buffer) : 0),
    free: (buffer) => {
      if (connection.phase === 'open') native.connectionBufferFree(number, buffer);
    },
  };
  return new BufferOffers(home, (buffer) => native.connectionBufferAnswer(number, buffer));
}
