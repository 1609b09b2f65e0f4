// The one engine under both client APIs: a connection of the native client, and the few sequences
// of its functions that both need.
//
// Invariants: one request is outstanding at most. After `close` every function throws BAD_HANDLE,
// and all memory of the connection that JavaScript saw is detached. A function that would block
// refuses to where the answer could only come from this thread.

import { CoroIpcError } from '../errors.js';
import { type NativeClientOptions, type NativeParts, native } from '../native.js';
import { ownThreadError, servedNames } from '../served-names.js';
import { CS } from '../status.js';

export class ClientEngine {
  readonly name: string;
  #client: number | undefined;
  #ring: ArrayBuffer | undefined;
  #ownThread = false;

  private constructor(client: number, options: NativeClientOptions) {
    this.#client = client;
    this.name = options.name;
  }

  /** Connects and waits for the answer. */
  static connect(options: NativeClientOptions, timeoutMs: number): ClientEngine {
    if (servedNames.has(options.name)) throw ownThreadError('serviceConnect', options.name);
    return new ClientEngine(native.clientConnect(options, timeoutMs), options);
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

  /** A descriptor that is readable after `arm`, once the answer is there. */
  get bell(): number {
    return native.clientBell(this.#number);
  }

  get serverPid(): number {
    return native.clientServerPid(this.#number);
  }

  /** The bytes of the request buffer. */
  get requestBytes(): number {
    return native.clientRequestBytes(this.#number);
  }

  get flowControlled(): boolean {
    return native.clientFlowControlled(this.#number);
  }

  /** The events that a handshake waits for. */
  get handshakeEvents(): number {
    return native.clientEvents(this.#number);
  }

  /** Goes on with the handshake: true when connected. */
  advance(): boolean {
    if (!native.clientAdvance(this.#number)) return false;
    this.#ownThread = servedNames.has(this.name) && this.serverPid === process.pid;
    return true;
  }

  close(): void {
    if (this.#client === undefined) return;
    const client = this.#client;
    this.#client = undefined;
    this.#ring = undefined;
    native.clientClose(client);
  }

  // Requests. ---------------------------------------------------------------------------------

  /** Sends a request; while a late answer is still to come, the core keeps it until then. */
  send(parts: NativeParts): void {
    native.clientSend(this.#number, parts);
  }

  /** Has the bell ring for the answer: its size when it is there already, else 0. */
  arm(): number {
    return native.clientArm(this.#number);
  }

  /** Waits for the outstanding answer: its size, or 0 when the time is over. After checkBlocking. */
  awaitAnswer(timeoutMs: number): number {
    return native.clientAwait(this.#number, timeoutMs);
  }

  /** Sends a request and waits for its answer; gives the request up when the time is over. */
  exchange(parts: NativeParts, timeoutMs: number): number {
    this.checkBlocking('callSync');
    return this.#answered(native.clientCall(this.#number, parts, timeoutMs), timeoutMs);
  }

  /** `exchange` of the request that lies in a zero-copy buffer. */
  exchangeZeroCopy(buffer: ArrayBuffer, timeoutMs: number): number {
    return this.#answered(native.clientZcbCall(this.#number, buffer, timeoutMs), timeoutMs);
  }

  /** Gives the outstanding request up: its late answer will be dropped. */
  abandon(): void {
    native.clientAbandon(this.#number);
  }

  /** The answer's first bytes, in memory of their own. */
  receive(bytes: number): Buffer {
    const message = Buffer.allocUnsafe(bytes);
    native.clientReceive(this.#number, message);
    return message;
  }

  /** The answer where it lies, valid until the next request. */
  viewAnswer(bytes: number): Buffer {
    return Buffer.from(native.clientResponse(this.#number), 0, bytes);
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

  /** The current message where it lies in the ring, valid until `put`. */
  viewMessage(bytes: number): Buffer {
    const client = this.#number;
    this.#ring ??= native.clientRing(client);
    return Buffer.from(this.#ring, native.clientOffset(client), bytes);
  }

  /** Ends the current message. Throws BAD_OPERATION without one. */
  put(): void {
    native.clientPut(this.#number);
  }

  // -------------------------------------------------------------------------------------------

  /** Throws where waiting for the server could never end. */
  checkBlocking(operation: string): void {
    if (this.#ownThread) throw ownThreadError(operation, this.name);
  }

  get #number(): number {
    if (this.#client === undefined) {
      throw new CoroIpcError(CS.ERR_BAD_HANDLE, `the connection to "${this.name}" is closed`);
    }
    return this.#client;
  }

  #answered(size: number, timeoutMs: number): number {
    if (size > 0) return size;
    this.abandon();
    throw new CoroIpcError(CS.ERR_TIMEOUT, `no answer within ${timeoutMs} ms`);
  }
}
