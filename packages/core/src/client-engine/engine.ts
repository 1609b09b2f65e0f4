// The one engine under both client APIs: a connection of the native client, and the few sequences
// of its functions that both need.
//
// Invariants: after `close` every function throws BAD_HANDLE, and the views of the rings are detached.
// A function that would block refuses to where the answer could only come from this thread.

import { Buffer } from 'node:buffer';
import { arrivedAt, Batch, renewArrivals, SMALL_BYTES, type TakeAnswer } from '../arrivals.js';
import { dispatchMessage } from '../dispatch-message.js';
import { CoroIpcError } from '../errors.js';
import { REQUEST_HEADER_BYTES, RESPONSE_HEADER_BYTES, STATUS_AT } from '../messages.js';
import {
  type NativeClientFacts,
  type NativeClientOptions,
  type NativeMessage,
  native,
  WANTS_ANSWERS,
} from '../native.js';
import {
  HEAD_ATTENTION,
  HEAD_OFFSET,
  HEAD_STATUS,
  HEAD_TOKEN,
  scratchDoubles,
  scratchInts,
} from '../scratch.js';
import { isServedHere, ownThreadError } from '../served-names.js';
import { CS } from '../status.js';
import type { Wire } from '../wires.js';
import { numberOf, type ZeroCopyBuffer } from '../zero-copy-buffer.js';
import {
  answered,
  checkFits,
  checkStatus,
  payloadAt,
  payloadInto,
  payloadOf,
  takeArrived,
  timeOver,
} from './answers.js';
import { InPlace } from './in-place.js';
import { refused } from './refused.js';
import { Requests } from './requests.js';

export class ClientEngine {
  readonly name: string;
  /** Called when a blocking function took the wake-up that a loop waits for. */
  onAttention: (() => void) | undefined;
  #client: number | undefined;
  #facts: NativeClientFacts | undefined;
  #ownThread = false;
  /** Payloads that lie in buffers of the server's, and in which; undefined: all are copied. */
  #inPlace: InPlace | undefined;
  readonly #requests: Requests;

  private constructor(client: number, options: NativeClientOptions) {
    this.#client = client;
    this.#requests = new Requests(client);
    this.name = options.name;
  }

  /** Connects and waits for the answer. */
  static connect(options: NativeClientOptions, timeoutMs: number): ClientEngine {
    if (isServedHere(options.name)) throw ownThreadError('serviceConnect', options.name);
    try {
      const engine = new ClientEngine(native.clientConnect(options, timeoutMs), options);
      engine.#connected();
      return engine;
    } catch (error) {
      throw refused(error, options);
    }
  }

  /** Starts to connect; throws TRY_AGAIN when nobody listens or the backlog is full. */
  static begin(options: NativeClientOptions): ClientEngine {
    return new ClientEngine(native.clientBegin(options), options);
  }

  get closed(): boolean {
    return this.#client === undefined;
  }

  /** The socket, for watching. */
  get socket(): number {
    return native.clientSocket(this.#number);
  }

  /** A descriptor for the user's own poll set. */
  get fd(): number {
    return native.clientFd(this.#number);
  }

  /** A second descriptor, which tells of answers; undefined where the socket does. */
  get bell(): number | undefined {
    const bell = native.clientBell(this.#number);
    return bell < 0 ? undefined : bell;
  }

  /** What the handshake has settled. Precondition: connected. */
  get facts(): NativeClientFacts {
    if (this.#facts === undefined) throw new Error('the handshake is not finished');
    return this.#facts;
  }

  get wire(): Wire {
    return this.facts.generation === 0 ? 'native' : 'classic';
  }

  get flowControlled(): boolean {
    return this.#requestsNow.flowControlled;
  }

  /** The events that a handshake waits for. */
  get handshakeEvents(): number {
    return native.clientEvents(this.#number);
  }

  /** Goes on with the handshake: true when connected. */
  advance(): boolean {
    if (!native.clientAdvance(this.#number)) return false;
    this.#connected();
    return true;
  }

  close(): void {
    if (this.#client === undefined) return;
    const client = this.#client;
    this.#client = undefined;
    this.#requests.end();
    native.clientClose(client);
  }

  // Requests. ---------------------------------------------------------------------------------

  /** Sends a request: its token, or 0 when there is no room for it now. */
  send(id: number, payload: Uint8Array): number {
    return this.#requestsNow.send(id, payload);
  }

  /**
   * Sends a request and blocks until its answer is there: the payload. Undefined: another request has
   * to be answered before. Throws the answer's status if it is not OK.
   */
  call(id: number, payload: Uint8Array, timeoutMs: number): Buffer | undefined {
    const requests = this.#requestsNow;
    const offset = requests.exchange(id, payload);
    if (offset >= 0) return payloadAt(id, offset, requests.answerBytes);
    return this.#answered(id, requests.call(offset, id, payload, timeoutMs), timeoutMs);
  }

  /**
   * `call`, with the answer's payload in `into`: how many bytes it has. Throws TOO_BIG when these are
   * more than there is room for.
   */
  callInto(
    id: number,
    payload: Uint8Array,
    timeoutMs: number,
    into: Uint8Array,
  ): number | undefined {
    const requests = this.#requestsNow;
    const offset = requests.exchange(id, payload);
    if (offset >= 0) return payloadInto(id, offset, requests.answerBytes, into);
    const size = requests.callInto(offset, id, payload, timeoutMs, into);
    if (size < 0) return undefined;
    const status = scratchInts[HEAD_STATUS] as number;
    this.#attend();
    if (size === 0) throw timeOver(timeoutMs);
    checkStatus(id, status);
    return checkFits(id, size - RESPONSE_HEADER_BYTES, into);
  }

  /** `call` with a request that lies in a zero-copy buffer. */
  callIn(id: number, buffer: ZeroCopyBuffer, timeoutMs: number): Buffer | undefined {
    const bytes = REQUEST_HEADER_BYTES + buffer.length;
    this.#requests.blocks();
    const size = native.clientCallIn(this.#number, numberOf(buffer), id, bytes, timeoutMs);
    return this.#answered(id, size, timeoutMs);
  }

  /** Sends a request that lies in a zero-copy buffer: its token. */
  sendIn(id: number, buffer: ZeroCopyBuffer): number {
    const bytes = REQUEST_HEADER_BYTES + buffer.length;
    return native.clientSendIn(this.#number, numberOf(buffer), id, bytes);
  }

  #answered(id: number, size: number, timeoutMs: number): Buffer | undefined {
    if (size < 0) return undefined;
    this.#attend();
    if (size === 0) throw timeOver(timeoutMs);
    if (this.#inPlace?.here) {
      const { status, payload } = this.#inPlace.take(size);
      checkStatus(id, status);
      return payload;
    }
    const offset = arrivedAt();
    if (offset < 0) return payloadOf(id, this.#fetchAnswer(size));
    return payloadAt(id, offset, size);
  }

  /** Waits for the answer of a request that is in flight: its size, or 0 when the time is over. */
  awaitAnswer(token: number, timeoutMs: number): number {
    const size = native.clientAwait(this.#number, token, timeoutMs);
    this.#attend();
    return size;
  }

  /** Gives every answer that is there to `take`. */
  answers(take: TakeAnswer): void {
    if (this.#requestsNow.answers(take)) return;
    for (;;) {
      const count = native.clientAnswers(this.#number);
      if (count === 0) {
        this.#requests.coreHasNone();
        return;
      }
      if (count < 0) {
        const token = scratchDoubles[HEAD_TOKEN] as number;
        if (this.#inPlace?.here) {
          const { status, payload } = this.#inPlace.take(-count);
          take(token, status, payload);
          continue;
        }
        const message = this.#fetchAnswer(-count);
        take(token, message.readInt32LE(STATUS_AT), message.subarray(RESPONSE_HEADER_BYTES));
        continue;
      }
      takeArrived(count, take);
    }
  }

  /** Sends a request and waits for its answer's size; gives the request up when the time is over. */
  exchange(message: NativeMessage, timeoutMs: number): number {
    this.checkBlocking('callSync');
    return answered(native.clientCall(this.#number, message, timeoutMs, true), timeoutMs);
  }

  /** `exchange` of the request that lies in a zero-copy buffer. */
  exchangeZeroCopy(buffer: ArrayBuffer, timeoutMs: number): number {
    return answered(native.clientZcbCall(this.#number, buffer, timeoutMs, true), timeoutMs);
  }

  /** Gives a request up: its late answer will be dropped. */
  abandon(token: number): void {
    native.clientAbandon(this.#number, token);
  }

  /** How many late answers were dropped. */
  get lateAnswers(): number {
    return native.clientLateAnswers(this.#number);
  }

  /** The first bytes of the answer that was found last, in memory of their own. */
  receive(bytes: number): Buffer {
    const message = Buffer.allocUnsafe(bytes);
    native.clientReceive(this.#number, message);
    return message;
  }

  /** That answer where it lies, valid until the next request; a copy where JavaScript may not see it. */
  viewAnswer(bytes: number): Buffer {
    const memory = native.clientResponse(this.#number);
    return memory === undefined ? this.receive(bytes) : Buffer.from(memory, 0, bytes);
  }

  allocZeroCopy(size: number, headerSize: number, timeoutMs: number): ArrayBuffer {
    return native.clientZcbAlloc(this.#number, size, headerSize, timeoutMs);
  }

  freeZeroCopy(buffer: ArrayBuffer, timeoutMs: number): void {
    native.clientZcbFree(this.#number, buffer, timeoutMs);
  }

  // Dispatch messages. ------------------------------------------------------------------------

  /** Waits for the next message: its size, or 0 when the time is over. */
  next(timeoutMs: number): number {
    return native.clientNext(this.#number, timeoutMs);
  }

  /** The current message, in memory of its own; its room in the ring is free again. */
  take(bytes: number): Buffer {
    const client = this.#number;
    const message = Buffer.allocUnsafe(bytes);
    native.clientRead(client, message);
    native.clientPut(client);
    return message;
  }

  /** As many messages as there are, up to `most`, their room free again; undefined: none. */
  takeSome(most: number): Batch | undefined {
    for (;;) {
      const count = native.clientTake(this.#number, most);
      if (count > 0) return new Batch(count);
      if (count === 0) return undefined;
      if (this.#inPlace?.here) return Batch.of(this.#inPlace.take(-count));
      if (-count > SMALL_BYTES) return Batch.of(dispatchMessage(this.take(-count)));
      renewArrivals();
    }
  }

  /** The current message where it lies in the ring, valid until `put`; a copy where it must be. */
  viewMessage(bytes: number): Buffer {
    const client = this.#number;
    const ring = native.clientMessage(client);
    if (ring !== undefined) return Buffer.from(ring, scratchInts[HEAD_OFFSET], bytes);
    const message = Buffer.allocUnsafe(bytes);
    native.clientRead(client, message);
    return message;
  }

  /** Ends the current message. Throws BAD_OPERATION without one. */
  put(): void {
    native.clientPut(this.#number);
  }

  // Zero-copy buffers. ------------------------------------------------------------------------

  /** Messages in the server's buffers are given where they lie from now on, until `release`. */
  takeInPlace(): void {
    this.#inPlace = new InPlace(this.#number);
  }

  /** Gives a message back; false for bytes that lie in no buffer of the server's. */
  release(payload: Uint8Array): boolean {
    return this.#inPlace?.release(payload) ?? false;
  }

  /** Makes a buffer of so many bytes, offers it, and says its number. */
  makeBuffer(bytes: number): number {
    return native.clientBufferMake(this.#number, bytes);
  }

  /** What the server said to the offer. */
  bufferAnswer(number: number): number {
    return native.clientBufferAnswer(this.#number, number);
  }

  bufferMemory(number: number): ArrayBuffer {
    return native.clientBufferMemory(this.#number, number);
  }

  freeBuffer(number: number): void {
    native.clientBufferFree(this.#number, number);
  }

  /** Requests in it that are not answered, as far as answers were taken. */
  bufferOut(number: number): number {
    return native.clientBufferOut(this.#number, number);
  }

  // Sleeping. ---------------------------------------------------------------------------------

  /** A descriptor is readable: whether the server is still there, as far as it says. */
  hear(): boolean {
    return native.clientHear(this.#number);
  }

  /** What is there of what a loop wants; 0: nothing, and the descriptors will tell. */
  sleep(wants: number): number {
    if (this.#requestsNow.wait(wants)) return WANTS_ANSWERS;
    return native.clientSleep(this.#number, wants);
  }

  /** Throws where waiting for the server could never end. */
  checkBlocking(operation: string): void {
    if (this.#ownThread) throw ownThreadError(operation, this.name);
  }

  get #number(): number {
    if (this.#client === undefined) throw this.#closedError();
    return this.#client;
  }

  #closedError(): CoroIpcError {
    return new CoroIpcError(CS.ERR_BAD_HANDLE, `the connection to "${this.name}" is closed`);
  }

  // Of a client that is not closed.
  get #requestsNow(): Requests {
    if (this.#client === undefined) throw this.#closedError();
    return this.#requests;
  }

  #connected(): void {
    this.#facts = native.clientFacts(this.#number);
    this.#ownThread = this.#facts.serverPid === process.pid && isServedHere(this.name);
  }

  #attend(): void {
    if (scratchInts[HEAD_ATTENTION] !== 0) this.onAttention?.();
  }

  // Small ones arrive by themselves again when there is room for them.
  #fetchAnswer(size: number): Buffer {
    const message = this.receive(size);
    if (size <= SMALL_BYTES) renewArrivals();
    return message;
  }
}
