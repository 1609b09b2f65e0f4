// IpcClient: the client for people. Calls block or give promises, dispatch messages come as
// events or through bounded iterators. It stands on the same engine as coroipcc.
//
// Life: open → ended (the server is gone; what had arrived is still delivered) → closed, or
// open → closed by `close`. Everything is on one thread.

import {
  checkAdapter,
  checkId,
  checkInteger,
  checkObject,
  checkPayload,
  checkSignal,
  checkTimeout,
  MAX_INT32,
} from '../arguments.js';
import {
  connectOptions,
  DEFAULT_BUFFER_BYTES,
  DEFAULT_CONNECT_TIMEOUT_MS,
} from '../client-engine/connect-options.js';
import { ClientEngine } from '../client-engine/engine.js';
import { CoroIpcError } from '../errors.js';
import type { Payload } from '../messages.js';
import type { PollAdapter } from '../poll/contract.js';
import { threadPoll } from '../poll/thread-poll.js';
import { CS } from '../status.js';
import { AwareEmitter } from './aware-emitter.js';
import { CallQueue } from './call-queue.js';
import { connecting } from './connecting.js';
import { DispatchIterator } from './dispatch-iterator.js';
import type { DispatchMessage } from './dispatch-message.js';
import { Inbox } from './inbox.js';
import type {
  CallOptions,
  CallSyncOptions,
  DispatchesOptions,
  IpcClientEvents,
  IpcClientOptions,
} from './ipc-client-options.js';
import { checkSink, type MessageSink, type MessageSubscription } from './message-sink.js';

const DEFAULT_HIGH_WATER_MARK = 256;

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
  /** The server's process id, as the kernel says. */
  readonly serverPid: number;
  readonly #engine: ClientEngine;
  readonly #calls: CallQueue;
  readonly #inbox: Inbox;
  readonly #done: Promise<void>;
  #resolveDone!: () => void;
  #state: 'open' | 'ended' | 'closed' = 'open';
  #error: CoroIpcError | undefined;
  /** What delivers to the listeners of `dispatch`, while there are any. */
  #listening: MessageSubscription | undefined;

  private constructor(engine: ClientEngine, adapter: PollAdapter) {
    super();
    if (!(engine instanceof ClientEngine)) {
      throw new TypeError('an IpcClient is made by IpcClient.connect');
    }
    this.name = engine.name;
    this.serverPid = engine.serverPid;
    this.#engine = engine;
    this.#done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
    this.#calls = new CallQueue(engine, adapter);
    this.#inbox = new Inbox(engine, adapter, {
      flowControl: (on) => this.emit('flowControl', on),
      hungUp: (error) => {
        this.#state = 'ended';
        this.#error = error;
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
   * TIMEOUT, SECURITY or NOT_EXIST from the server; the signal's reason.
   */
  static connect(options: IpcClientOptions): Promise<IpcClient> {
    checkObject('options', options);
    const { requestBytes, responseBytes, dispatchBytes, timeoutMs } = options;
    const native = connectOptions(
      {
        name: options.name,
        service: options.service,
        requestBytes: requestBytes ?? DEFAULT_BUFFER_BYTES,
        responseBytes: responseBytes ?? DEFAULT_BUFFER_BYTES,
        dispatchBytes: dispatchBytes ?? DEFAULT_BUFFER_BYTES,
        generation: options.generation,
        spinUs: options.spinUs,
      },
      'options.',
    );
    const limitMs = checkTimeout('options.timeoutMs', timeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS);
    const signal = checkSignal('options.signal', options.signal);
    const adapter =
      options.adapter === undefined
        ? threadPoll()
        : checkAdapter('options.adapter', options.adapter);
    return connecting(native, adapter, limitMs, signal).then((engine) => {
      try {
        return new IpcClient(engine, adapter);
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

  /** Whether the server holds messages back because this client's ring is full. */
  get flowControl(): boolean {
    return this.#state === 'open' && this.#inbox.flowControlled;
  }

  /**
   * Sends a request and blocks this thread until the answer is there. An asynchronous call that
   * is outstanding is waited for before.
   *
   * @param id The command id, 0 to 65535.
   * @returns the answer's payload, in memory of its own.
   * @throws {CoroIpcError} the answer's status if it is not OK; INVALID_PARAM beyond
   * `requestBytes`, TIMEOUT, LIBRARY when the server is gone, BAD_HANDLE after `close`,
   * BAD_OPERATION when this same thread is the server.
   */
  callSync(id: number, payload?: Payload, options?: CallSyncOptions): Buffer {
    checkId('id', id);
    const bytes = checkPayload('payload', payload);
    const timeoutMs = timeoutOf(options);
    this.#checkOpen();
    return this.#calls.callSync(id, bytes, timeoutMs);
  }

  /**
   * Sends a request; never blocks. Calls go out one after another, in order.
   *
   * @returns a promise of the answer's payload, rejected as {@link callSync} throws, or with the
   * signal's reason.
   */
  call(id: number, payload?: Payload, options?: CallOptions): Promise<Buffer> {
    checkId('id', id);
    const bytes = checkPayload('payload', payload);
    const timeoutMs = timeoutOf(options);
    const signal = checkSignal('options.signal', options?.signal);
    if (this.#state !== 'open') return Promise.reject(this.#closedError());
    return this.#calls.call(id, bytes, { timeoutMs, signal });
  }

  /**
   * The dispatch messages from now on. Every iterator gets every message; while one is full, none
   * is read. It throws when the server ends the connection, and ends plainly after `close`.
   */
  dispatches(options?: DispatchesOptions): AsyncIterableIterator<DispatchMessage> {
    if (options !== undefined) checkObject('options', options);
    const { highWaterMark = DEFAULT_HIGH_WATER_MARK } = options ?? {};
    checkInteger('options.highWaterMark', highWaterMark, 1, MAX_INT32);
    const signal = checkSignal('options.signal', options?.signal);
    this.#checkOpen();
    return new DispatchIterator((sink) => this.#inbox.subscribe(sink), highWaterMark, signal);
  }

  /**
   * Delivers the dispatch messages from now on to `sink`, as they are read: what the `dispatch`
   * event and {@link dispatches} stand on, and what a stream of another kind would. Every sink gets
   * every message; while one is paused, none is read. Nothing is called before this returns.
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
  onMessage(sink: MessageSink): MessageSubscription {
    checkSink('sink', sink);
    this.#checkOpen();
    return this.#inbox.subscribe(sink);
  }

  /** Ends the connection. Calls that wait are rejected with BAD_HANDLE. */
  close(): Promise<void> {
    if (this.#state !== 'closed') {
      // First, so that a sink that hears of the end cannot subscribe anew.
      this.#state = 'closed';
      this.#calls.fail(this.#closedError());
      this.#inbox.close();
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
  protected override listenersChanged(): void {
    if (this.listenerCount('dispatch') === 0) {
      this.#listening?.close();
      this.#listening = undefined;
    } else if (this.#state !== 'closed') {
      this.#listening ??= this.#inbox.subscribe({
        message: (message) => this.emit('dispatch', message),
      });
    }
  }

  #setRef(on: boolean): this {
    if (this.#state === 'open') {
      this.#calls.ref(on);
      this.#inbox.ref(on);
    }
    return this;
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

function timeoutOf(options: CallSyncOptions | undefined): number {
  if (options === undefined) return -1;
  checkObject('options', options);
  return checkTimeout('options.timeoutMs', options.timeoutMs ?? -1);
}
