// IpcClient: the client for people. Calls block or give promises, dispatch messages come as
// events or through bounded iterators. It stands on the same engine as coroipcc.
//
// Life: open → ended (the server is gone; what had arrived is still delivered) → closed, or
// open → closed by `close`. Everything is on one thread.

import { checkBytes, checkId, checkPayload, checkSignal, isPlainBuffer } from '../arguments.js';
import { ClientEngine } from '../client-engine/engine.js';
import type { DispatchMessage } from '../dispatch-message.js';
import { CoroIpcError } from '../errors.js';
import type { Payload } from '../messages.js';
import { WANTS_ANSWERS } from '../native.js';
import type { PollAdapter } from '../poll/contract.js';
import { CS } from '../status.js';
import type { Wire } from '../wires.js';
import {
  type BufferHome,
  BufferOffers,
  bufferBytes,
  checkBuffer,
  ZeroCopyBuffer,
} from '../zero-copy-buffer.js';
import { AwareEmitter, emitsPlainly } from './aware-emitter.js';
import { CallQueue, type WaitingLimits } from './call-queue.js';
import { callLimitsOf, checkConnect, highWaterMarkOf, syncTimeoutOf } from './checked-options.js';
import { connecting } from './connecting.js';
import { DispatchIterator } from './dispatch-iterator.js';
import { Inbox } from './inbox.js';
import type {
  CallOptions,
  CallSyncOptions,
  ClientStats,
  DispatchesOptions,
  IpcClientEvents,
  IpcClientOptions,
} from './ipc-client-options.js';
import {
  type BatchSink,
  checkSink,
  type MessageSink,
  type MessageSubscription,
} from './message-sink.js';
import { ClientTurns } from './turns.js';

/**
 * A connection to one service.
 *
 * @example
 * const client = await IpcClient.connect({ name: 'demo', service: 7 });
 * const answer = await client.call(1, 'hello');
 * for await (const { id, payload } of client.dispatches()) console.log(id, payload);
 */
export class IpcClient extends AwareEmitter<IpcClientEvents> implements AsyncDisposable {
  readonly name: string;
  /** The wire it speaks. */
  readonly wire: Wire;
  /** The server's process id, as the kernel says. */
  readonly serverPid: number;
  readonly #engine: ClientEngine;
  readonly #turns: ClientTurns;
  readonly #calls: CallQueue;
  readonly #inbox: Inbox;
  readonly #offers: BufferOffers;
  readonly #done: Promise<void>;
  #resolveDone!: () => void;
  #state: 'open' | 'ended' | 'closed' = 'open';
  #error: CoroIpcError | undefined;
  /** What delivers to the listeners of `dispatch`, while there are any. */
  #listening: MessageSubscription | undefined;
  /** These, where nothing but the message matters to them. */
  #plain: readonly IpcClientEvents['dispatch'][] | undefined;

  private constructor(engine: ClientEngine, adapter: PollAdapter, waiting: WaitingLimits) {
    super();
    if (!(engine instanceof ClientEngine)) {
      throw new TypeError('an IpcClient is made by IpcClient.connect');
    }
    this.name = engine.name;
    this.wire = engine.wire;
    this.serverPid = engine.facts.serverPid;
    this.#engine = engine;
    this.#done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
    this.#turns = new ClientTurns(engine, adapter, {
      wants: () => this.#calls.wants() | this.#inbox.wants | (this.#offers.any ? WANTS_ANSWERS : 0),
      answers: () => this.#takeAnswers(),
      messages: (most) => this.#inbox.messages(most),
      rest: () => this.#inbox.rest(),
      hungUp: () => this.#inbox.hangUp(),
    });
    this.#calls = new CallQueue(engine, this.#turns, waiting);
    const home: BufferHome = {
      memory: (number) => engine.bufferMemory(number),
      out: (number) => (engine.closed ? 0 : engine.bufferOut(number)),
      // The end of the connection has freed it already.
      free: (number) => {
        if (!engine.closed) engine.freeBuffer(number);
      },
    };
    this.#offers = new BufferOffers(home, (number) => engine.bufferAnswer(number));
    this.#inbox = new Inbox(engine, {
      flowControl: (on) => this.emit('flowControl', on),
      changed: () => this.#turns.later(),
      hungUp: (error) => {
        this.#state = 'ended';
        this.#error = error;
        this.#turns.unwatch();
        this.#turns.later();
        this.#offers.fail(error);
        this.#calls.fail(error);
      },
      over: () => {
        this.#shut();
        this.emit('close', this.#error);
      },
    });
  }

  /**
   * Connects without blocking. A full backlog is tried again until the time is over.
   *
   * @throws {TypeError} @throws {RangeError} at once, for options of the wrong kind or out of range.
   * @throws {CoroIpcError} (by rejection) TRY_AGAIN when nobody listens (`errno` ECONNREFUSED),
   * TIMEOUT, SECURITY or NOT_EXIST from the server, SECURITY for a server of another user than
   * `serverUid`, NOT_SUPPORTED when it does not take the wire, TOO_BIG when it grants no rings of the
   * sizes asked for; the signal's reason.
   */
  static connect(options: IpcClientOptions): Promise<IpcClient> {
    const { native, adapter, timeoutMs, signal, inPlace, waiting } = checkConnect(options);
    return connecting(native, adapter, timeoutMs, signal).then((engine) => {
      try {
        if (inPlace) engine.takeInPlace();
        return new IpcClient(engine, adapter, waiting);
      } catch (error) {
        engine.close();
        throw error;
      }
    });
  }

  /** Whether the connection is over. */
  get closed(): boolean {
    return this.#state !== 'open';
  }

  /** What was counted. */
  stats(): ClientStats {
    return {
      inFlight: this.#calls.inFlight,
      waiting: this.#calls.waiting,
      rejected: this.#calls.rejected,
      lateAnswers: this.#calls.lateAnswers,
    };
  }

  /** Whether the server holds messages back because this client's ring is full. */
  get flowControl(): boolean {
    return this.#state === 'open' && this.#inbox.flowControlled;
  }

  /**
   * Sends a request and blocks this thread until the answer is there. Calls that are in flight stay
   * so, and get their answers afterwards; on the classic wire they are waited for before.
   *
   * @param id The command id, 0 to 65535.
   * @returns the answer's payload. Nobody else writes to it; up to 4 KiB it shares a buffer with other
   * messages, like Node's own small Buffers.
   * @throws {CoroIpcError} the answer's status if it is not OK; INVALID_PARAM beyond
   * `requestBytes`, TIMEOUT, LIBRARY when the server is gone, BAD_HANDLE after `close`,
   * BAD_OPERATION when this same thread is the server.
   */
  callSync(id: number, payload?: Payload | ZeroCopyBuffer, options?: CallSyncOptions): Buffer {
    checkId('id', id);
    const bytes = this.#checkPayload(payload);
    const timeoutMs = syncTimeoutOf(options);
    this.#checkOpen();
    return this.#calls.callSync(id, bytes, timeoutMs);
  }

  /**
   * {@link callSync}, with the answer's payload in memory of the caller's, from its first byte on. Nothing
   * is allocated for an answer.
   *
   * @param into Where to; it may be the memory that the payload is sent from.
   * @returns how many bytes the answer's payload has.
   * @throws {CoroIpcError} as {@link callSync}; TOO_BIG when the payload is larger than `into`. The
   * command has run then, and its answer is lost.
   *
   * @example
   * const answer = Buffer.alloc(4096);
   * const length = client.callSyncInto(1, question, answer);
   */
  callSyncInto(
    id: number,
    payload: Payload | ZeroCopyBuffer | undefined,
    into: Uint8Array,
    options?: CallSyncOptions,
  ): number {
    checkId('id', id);
    const bytes = this.#checkPayload(payload);
    checkBytes('into', into);
    const timeoutMs = syncTimeoutOf(options);
    this.#checkOpen();
    return this.#calls.callSyncInto(id, bytes, timeoutMs, into);
  }

  /**
   * Sends a request; never blocks. Requests go out in order, up to `maxInFlight` of them without an
   * answer (on the classic wire one); answers come in any order. Further ones wait, up to
   * `maxWaiting` of them and `maxWaitingBytes`.
   *
   * @returns a promise of the answer's payload, rejected as {@link callSync} throws, with TRY_AGAIN
   * when too many calls wait already, or with the signal's reason.
   */
  call(id: number, payload?: Payload | ZeroCopyBuffer, options?: CallOptions): Promise<Buffer> {
    checkId('id', id);
    const bytes = this.#checkPayload(payload);
    const limits = callLimitsOf(options);
    if (this.#state !== 'open') return Promise.reject(this.#closedError());
    return this.#calls.call(id, bytes, limits);
  }

  /**
   * The dispatch messages from now on. Every iterator gets every message; while one is full, none
   * is read. It throws when the server ends the connection, and ends plainly after `close`.
   */
  dispatches(options?: DispatchesOptions): AsyncIterableIterator<DispatchMessage> {
    const highWaterMark = highWaterMarkOf(options);
    const signal = checkSignal('options.signal', options?.signal);
    this.#checkOpen();
    return new DispatchIterator((sink) => this.#inbox.subscribe(sink), highWaterMark, signal);
  }

  /**
   * Delivers the dispatch messages from now on to `sink`, as they are read: what the `dispatch`
   * event and {@link dispatches} stand on, and what a stream of another kind would. Every sink gets
   * every message; while one is paused, none is read. Nothing is called before this returns. A sink with
   * `messages` in place of `message` gets those that are there together, as an array.
   *
   * @throws {CoroIpcError} BAD_HANDLE after `close`, LIBRARY when the server is gone.
   *
   * @example
   * const subscription = client.onMessage({
   *   message: ({ payload }) => {
   *     if (!socket.write(payload)) subscription.pause();
   *   },
   * });
   * socket.on('drain', () => subscription.resume());
   */
  onMessage(sink: MessageSink | BatchSink): MessageSubscription {
    checkSink('sink', sink);
    this.#checkOpen();
    return this.#inbox.subscribe(sink);
  }

  /**
   * Makes memory that the server has mapped, too, for requests that are not to be copied: given to
   * {@link call} or {@link callSync} as the payload. On the native wire.
   *
   * @param bytes Its size, 1 to 2^30 - 65536.
   * @returns a promise of the buffer, rejected with NO_RESOURCES or TOO_BIG when the server takes no
   * more, or none so large; NOT_SUPPORTED on the classic wire, and where the runtime allows no
   * ArrayBuffer over memory of a library's (Electron).
   */
  createBuffer(bytes: number): Promise<ZeroCopyBuffer> {
    const size = bufferBytes('bytes', bytes);
    if (this.#state !== 'open') return Promise.reject(this.#closedError());
    try {
      const offered = this.#offers.add(this.#engine.makeBuffer(size), bytes);
      this.#turns.later();
      return offered;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Gives back the payload of an answer or a message that lies in memory of the server's, with the
   * option `inPlace`. It must not be looked at after that: the server writes there again.
   *
   * @returns whether it lay there; a payload that was copied needs no release, nor does any after the end
   * of the connection.
   * @throws {TypeError} for what are no bytes
   */
  release(payload: Uint8Array): boolean {
    checkBytes('payload', payload);
    return !this.#engine.closed && this.#engine.release(payload);
  }

  /** Ends the connection. Calls that wait are rejected with BAD_HANDLE. */
  close(): Promise<void> {
    if (this.#state !== 'closed') {
      // First, so that a sink that hears of the end cannot subscribe anew.
      this.#state = 'closed';
      this.#offers.fail(this.#closedError());
      this.#calls.fail(this.#closedError());
      this.#inbox.close();
      this.#turns.unwatch();
      this.#shut();
      queueMicrotask(() => this.emit('close', this.#error));
    }
    return this.#done;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Lets the connection keep the process alive: the state it starts in. */
  ref(): this {
    return this.#setRef(true);
  }

  /** Lets the process end while the connection lasts, calls that wait included. */
  unref(): this {
    return this.#setRef(false);
  }

  // The listeners of `dispatch` are one sink together, which is there while they are.
  protected override listenersChanged(
    event: keyof IpcClientEvents | undefined,
    plain: boolean,
  ): void {
    if (event !== 'dispatch' && event !== undefined) return;
    if (this.listenerCount('dispatch') === 0) {
      this.#listening?.close();
      this.#listening = undefined;
    } else if (this.#state !== 'closed') {
      this.#plain = plain ? this.listeners('dispatch') : undefined;
      this.#listening ??= this.#inbox.subscribe({ message: (message) => this.#tell(message) });
    }
  }

  // As `emit` calls them.
  #tell(message: DispatchMessage): boolean {
    if (this.#plain === undefined || !emitsPlainly(this)) return this.emit('dispatch', message);
    for (const listener of this.#plain) listener.call(this, message);
    return true;
  }

  #setRef(on: boolean): this {
    if (this.#state === 'open') {
      this.#turns.ref(on);
    }
    return this;
  }

  #checkPayload(payload: unknown): Uint8Array | ZeroCopyBuffer {
    if (isPlainBuffer(payload)) return payload;
    if (!(payload instanceof ZeroCopyBuffer)) return checkPayload('payload', payload);
    checkBuffer(payload, this.#offers.home);
    return payload;
  }

  // A server that breaks the rules is gone, too.
  #takeAnswers(): boolean {
    try {
      if (this.#offers.any) this.#offers.look();
      return this.#calls.answers();
    } catch (error) {
      if (!(error instanceof CoroIpcError)) throw error;
      this.#inbox.hangUp(error);
      return false;
    }
  }

  #shut(): void {
    this.#state = 'closed';
    this.#engine.close();
    this.#resolveDone();
  }

  #checkOpen(): void {
    if (this.#state !== 'open') throw this.#closedError();
  }

  #closedError(): CoroIpcError {
    return this.#error === undefined
      ? new CoroIpcError(CS.ERR_BAD_HANDLE, 'the client is closed')
      : new CoroIpcError(this.#error.status, 'the server ended the connection');
  }
}
