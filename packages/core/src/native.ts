// The addon's shape: every function and call-back that crosses the border between TypeScript and
// the C++ core, and the loading of the binary. `native/js/` is the other side of this page.
//
// Rules of the border:
//  - Servers, connections and clients are named by numbers that are never used twice in an
//    environment; a number that is unknown, closed or of another kind is an error, never a crash.
//  - A function that fails throws a CoroIpcError (the class is handed over by `setup`).
//  - Arguments were checked by the caller; the C++ side checks again what memory safety rests on
//    and throws a TypeError.
//  - A call-back of NativeServerHost must not throw; should it throw all the same, the exception
//    leaves the function that was driving the server, after that function has done its work.
//  - Memory shared with a peer is seen from JavaScript only through an ArrayBuffer, which stays mapped
//    until it is collected (`native/js/view.h`); that of rings is detached at the end.

import { createRequire } from 'node:module';
import { CoroIpcError } from './errors.js';
import type { NativeRings } from './native-rings.js';
import { scratch } from './scratch.js';

/** The message parts of one message, in order; together they are one contiguous message. */
export type NativeParts = readonly Uint8Array[];

/** A message on its way in: parts, or how many bytes of it lie in the scratch. */
export type NativeMessage = NativeParts | number;

/** What `serverDispatch` says: the descriptor is still watched; `serverNext` wants to be called. */
export const SERVER_ALIVE = 1;
export const SERVER_WANTS_TURN = 2;

/** What a client's loop waits for. */
export const WANTS_ANSWERS = 1;
export const WANTS_MESSAGES = 2;
export const WANTS_ROOM = 4;

/** Keys of a server's own descriptors; every larger key is a connection's number. */
export const KEY_LISTENER = 0;
export const KEY_BELL = 1;
export const KEY_TIMER = 2;

/** What a server's counters are called, in the order of their numbers on the border. */
export const COUNTER_NAMES = [
  'requests',
  'responses',
  'dispatched',
  'queue_size',
  'flow_control',
  'flow_control_count',
  'sem_retry_count',
  'send_retry_count',
  'recv_retry_count',
  'invalid_request',
  'overload',
  'dropped',
  'overflow',
  'breach',
] as const;

/** Why a peer is turned away, in the order of the numbers on the border. */
export const TURNED_AWAY = ['by limit', 'for want', 'for delay', 'for fault'] as const;
export type TurnedAway = (typeof TURNED_AWAY)[number];

export type CounterName = (typeof COUNTER_NAMES)[number];

/** Limits of a server; every one has to be given. */
export interface NativeServerOptions {
  /** Abstract socket name, 1 to 107 bytes of UTF-8; one that begins with / is a path. */
  readonly name: string;
  /** Of a path: permission bits, owner and group; each -1 where nothing is asked for. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Time for a peer to finish its handshake, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** Connections at once: in all, of one user, and of those the ones that are in their handshake. */
  readonly maxConnections: number;
  readonly maxConnectionsPerUid: number;
  /** Handshakes at once that are not finished, of one user. */
  readonly maxHandshakes: number;
  /** Largest shared buffer a client may bring, in bytes. */
  readonly maxBufferBytes: number;
  /** Shared memory of one connection, in bytes: rings, and zero-copy buffers of either side. */
  readonly maxBytesPerConnection: number;
  /** Most bytes of dispatch messages queued for one connection. */
  readonly maxQueueBytes: number;
  /** Most zero-copy buffers a connection may hold. */
  readonly maxZeroCopyBuffers: number;
  /** Requests of a connection in flight, on the native wire. */
  readonly maxInFlight: number;
  /** Requests served in one call of `serverDispatch`, before the loop gets its turn. */
  readonly requestsPerTurn: number;
  /** How long to spin for the next request after answering one, in microseconds; 0 is never. */
  readonly spinUs: number;
  /** Whether `counted` is to be called. */
  readonly countChanges: boolean;
  /** The wires that are taken. */
  readonly native: boolean;
  readonly classic: boolean;
  /** Whether a connection's next request waits until the one before is answered. */
  readonly oneAtATime: boolean;
}

/** What the core asks of, and tells, the TypeScript side of a server. */
export interface NativeServerHost {
  /** Watch `fd` for POLLIN. */
  pollAdd(fd: number, key: number): void;
  /** Watch `fd` for exactly `events`. */
  pollModify(fd: number, key: number, events: number): void;
  /** Forget `fd`: it is closed right after this call. */
  pollRemove(fd: number, key: number): void;
  /** Call `serverNext` in the loop's next turn, which is not to wait. False: there is no such thing. */
  pollJob(): boolean;
  /**
   * May this peer use this service? A status; anything but OK is sent to it. `generation` is the
   * classic wire's, 12 or 14, or 0 for the native wire.
   */
  admit(
    connection: number,
    service: number,
    uid: number,
    gid: number,
    pid: number,
    generation: number,
    fd: number,
  ): number;
  /** The memory is mapped, the peer not yet answered: run the connect function. A status. */
  connected(connection: number): number;
  /** The connection is over: run the disconnect function. `false`: it is busy, ask again. */
  disconnected(connection: number): boolean;
  /** The last reference is gone; the number is dead. Also called for a connection never admitted to `connected`. */
  released(connection: number): void;
  /** A counter changed: `value` is the new value of a level (`queue_size`, `flow_control`), else the increment. */
  counted(connection: number, counter: number, value: number): void;
  /** What had to wait, in the outgoing queue or with its sender, need not any more. */
  drained(connection: number): void;
  /** The client of the connection has answered the offer of a zero-copy buffer. */
  bufferAnswered(connection: number): void;
  /** A peer was turned away; the number of the reason in TURNED_AWAY. */
  turnedAway(why: number): void;
  /** A line for the log, with a syslog level. */
  log(level: number, message: string): void;
  /** The server holds nothing any more; its number is dead. */
  closed(): void;
}

/** Options of a client's connection; every one has to be given. */
export interface NativeClientOptions {
  /** Abstract socket name, 1 to 107 bytes of UTF-8; one that begins with / is a path. */
  readonly name: string;
  readonly service: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly dispatchBytes: number;
  /** The classic wire's generation, 12 or 14; 0 is the native wire. */
  readonly generation: number;
  /** Requests in flight, on the native wire. */
  readonly maxInFlight: number;
  /** The user whose server alone is talked to; -1 is any. */
  readonly serverUid: number;
  /** Zero-copy buffers of the server's that are taken, on the native wire, and bytes of one. */
  readonly maxZeroCopyBuffers: number;
  readonly maxBufferBytes: number;
  /** How long a blocking wait spins before it sleeps, in microseconds; 0 is never. */
  readonly spinUs: number;
}

export interface NativeConnectionInfo {
  readonly fd: number;
  readonly service: number;
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  readonly generation: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly dispatchBytes: number;
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  /** In the order of COUNTER_NAMES. */
  readonly counters: readonly number[];
}

/** What a client's handshake has settled. */
export interface NativeClientFacts {
  /** As in the options. */
  readonly generation: number;
  /** The largest request, header included. */
  readonly requestBytes: number;
  readonly maxInFlight: number;
  /** Who serves, as the kernel says. */
  readonly serverPid: number;
  readonly serverUid: number;
}

export interface NativeAddon extends NativeRings {
  /**
   * Hands over what the core throws, and the scratch, and whether all is to be copied, as where the
   * runtime allows no ArrayBuffer over memory of a library's. Called once an environment.
   */
  setup(errorClass: typeof CoroIpcError, scratch: ArrayBuffer, copies: boolean): void;
  /** Tells the process of an exception that nobody caught, as Node does. */
  uncaught(error: unknown): void;
  /** Hands over the next buffer for small messages to arrive in. */
  arrivals(buffer: ArrayBuffer): void;

  // Servers. ---------------------------------------------------------------------------------

  /** Binds and listens, and calls `pollAdd` for the server's own descriptors. */
  serverOpen(options: NativeServerOptions, host: NativeServerHost): number;
  /** Accepts what waits on the listening descriptor. */
  serverAccept(server: number): void;
  /** Takes one readiness of the descriptor of `key`: SERVER_ALIVE unless the core has called `pollRemove` for it. */
  serverDispatch(server: number, key: number, revents: number): number;
  /**
   * The next request of this turn: its size, header included, or 0 at the turn's end. Its particulars
   * are in the scratch's head, its bytes in the arrivals when they are few. It can be read until this
   * is called again, and answered later, too.
   */
  serverNext(server: number): number;
  /** Begins to end every connection of a service; returns how many are left. */
  serverEndService(server: number, service: number): number;
  /** Ends everything; `closed` is called when the last disconnect function has finished, which may be at once. */
  serverClose(server: number): void;

  /** Copies the request that `serverNext` gave, header included, to `into`; returns its size. */
  requestRead(connection: number, into: Uint8Array): number;
  /**
   * The memory of that request, which is in a zero-copy buffer, and its place there to the scratch. On
   * the native wire it lasts as long as the buffer, whose number is in the scratch, and need not be asked for
   * again while `serverNext` says that it was seen. Undefined where JavaScript may not see it.
   */
  requestView(connection: number): ArrayBuffer | undefined;
  /** Answers a request. Throws BAD_OPERATION when it waits for none, TOO_BIG beyond the response buffer. */
  respond(connection: number, token: number, message: NativeMessage): void;
  /**
   * Sends or queues a dispatch message; false when queued. Throws TOO_BIG, TRY_AGAIN (refused; `drained`
   * is called), LIBRARY (over, perhaps by this very message: `disconnected` may be called before).
   */
  dispatch(connection: number, message: NativeMessage): boolean;
  /**
   * What becomes of messages that the ring has no room for, from now on: 0 queue, 1 drop the oldest,
   * 2 reject, 3 disconnect, at a limit in bytes; `undefined` leaves the limit as it is.
   */
  connectionOverflow(connection: number, policy: number, maxBytes: number | undefined): void;
  connectionEnd(connection: number): void;
  connectionRef(connection: number): void;
  connectionUnref(connection: number): void;
  connectionInfo(connection: number): NativeConnectionInfo;

  // Clients. ---------------------------------------------------------------------------------

  /** Connects and waits for the answer; blocks up to `timeoutMs` (negative: for ever). */
  clientConnect(options: NativeClientOptions, timeoutMs: number): number;
  /** Starts to connect without blocking. Throws TRY_AGAIN when nobody listens or the backlog is full. */
  clientBegin(options: NativeClientOptions): number;
  /** Goes on with a handshake when its socket is readable or writable: true when connected. */
  clientAdvance(client: number): boolean;
  /** The events the handshake waits for. */
  clientEvents(client: number): number;
  /** The socket, for watching; the core owns it. */
  clientSocket(client: number): number;
  /** A duplicate of the socket for the user's own poll set, closed with the client. */
  clientFd(client: number): number;
  /** An eventfd that rings for answers; -1 where the socket is what says so. Closed with the client. */
  clientBell(client: number): number;
  clientClose(client: number): void;
  clientFacts(client: number): NativeClientFacts;

  /** Sends a request: its token, or 0 when there is no room for it now. Throws INVALID_PARAM beyond the request buffer. */
  clientSend(client: number, message: NativeMessage): number;
  /** Waits for a request's answer: its size, or 0 after `timeoutMs` (negative: for ever); the request is then still in flight. */
  clientAwait(client: number, token: number, timeoutMs: number): number;
  /**
   * `clientSend` and `clientAwait` in one, and the wait for room before; -1 when another request has
   * to be answered first. On 0 the request was given up. A small answer is among the arrivals; any other, and any with `keep`, waits
   * for `clientReceive`.
   */
  clientCall(client: number, message: NativeMessage, timeoutMs: number, keep: boolean): number;
  /**
   * The same with the first bytes of the answer's payload in `into`, and its status in the head; nothing
   * of it waits.
   */
  clientCallInto(
    client: number,
    message: NativeMessage,
    timeoutMs: number,
    into: Uint8Array,
  ): number;
  /**
   * Moves the answers that are there to the arrivals: how many. Each has 16 bytes in front (token, a
   * double; size, an int32) and begins at a multiple of 8. Negative: the size of one for which there is
   * no room, whose token is in the head, and which waits for `clientReceive`. Throws LIBRARY when the
   * server is gone.
   */
  clientAnswers(client: number): number;
  /** Gives a request up: its late answer is dropped. */
  clientAbandon(client: number, token: number): void;
  /** Copies the first bytes of the answer found last to `into`, and makes its room free; returns how many. */
  clientReceive(client: number, into: Uint8Array): number;
  /** The memory that begins with that answer, valid until the next request or close; undefined where JavaScript may not see it. */
  clientResponse(client: number): ArrayBuffer | undefined;
  /** How many late answers were dropped. */
  clientLateAnswers(client: number): number;

  /** Waits for the next dispatch message: its size, or 0 after `timeoutMs` (negative: for ever). */
  clientNext(client: number, timeoutMs: number): number;
  /**
   * Moves the messages that are there, `most` at the most, to the arrivals, each at a multiple of 8: how
   * many. Negative: the size of the next one, for which there is no room. Throws LIBRARY or IN_SHUTDOWN
   * when the server is gone and everything was read.
   */
  clientTake(client: number, most: number): number;
  /** Copies the current dispatch message to `into`; returns how many bytes. */
  clientRead(client: number, into: Uint8Array): number;
  /** The ring of the current message, its place to the scratch; undefined where JavaScript may not see it. */
  clientMessage(client: number): ArrayBuffer | undefined;
  /** Ends the current dispatch message and makes its room free. Throws BAD_OPERATION without one. */
  clientPut(client: number): void;
  /** A descriptor is readable: takes what says no more than that. False: the server is gone. */
  clientHear(client: number): boolean;
  /** For a loop about to wait: what is there of what it wants; 0: its descriptors will be readable when there is. */
  clientSleep(client: number, wants: number): number;
  clientFlowControlled(client: number): boolean;

  /** A zero-copy buffer of `size + headerSize` bytes, shared with the server. */
  clientZcbAlloc(client: number, size: number, headerSize: number, timeoutMs: number): ArrayBuffer;
  /** Frees it; `buffer` has zeros of its own then. Throws BUSY, and does not, while a request lies there. */
  clientZcbFree(client: number, buffer: ArrayBuffer, timeoutMs: number): void;
  /** Sends the request that lies in the buffer. Otherwise as `clientCall`. */
  clientZcbCall(client: number, buffer: ArrayBuffer, timeoutMs: number, keep: boolean): number;

  // Zero-copy buffers of the native wire, by number. ---------------------------------------------

  /** Makes a buffer of whole pages and offers it. Throws NO_RESOURCES, TRY_AGAIN, NOT_SUPPORTED (classic). */
  clientBufferMake(client: number, bytes: number): number;
  /** What the other side said: a status; TRY_AGAIN while it has not answered. */
  clientBufferAnswer(client: number, buffer: number): number;
  /** Its memory. Throws NOT_SUPPORTED where a runtime allows no ArrayBuffer over it. */
  clientBufferMemory(client: number, buffer: number): ArrayBuffer;
  /** Takes it back; what views of it there are show zeros. Throws BUSY while a message in it is out. */
  clientBufferFree(client: number, buffer: number): void;
  /** Requests in it that are not answered, as far as answers were taken. */
  clientBufferOut(client: number, buffer: number): number;
  /** As `clientSend`, of a request of `size` bytes with its header, whose payload lies behind the first 24 bytes. Throws BUSY when there is no room, or one in it is out. */
  clientSendIn(client: number, buffer: number, id: number, size: number): number;
  /** As `clientCall`. */
  clientCallIn(client: number, buffer: number, id: number, size: number, timeoutMs: number): number;
  /**
   * Whether answers and messages in buffers of the server's are told by their place: alone, with their
   * particulars in the scratch's head, and held until `clientRelease`.
   */
  clientInPlace(client: number, on: boolean): void;
  /** The memory of a buffer of the server's; what is written there is seen here alone. */
  clientPeerMemory(client: number, buffer: number): ArrayBuffer;
  /** Gives back one message in a buffer of the server's. */
  clientRelease(client: number, buffer: number): void;
  connectionBufferMake(connection: number, bytes: number): number;
  connectionBufferAnswer(connection: number, buffer: number): number;
  connectionBufferMemory(connection: number, buffer: number): ArrayBuffer;
  connectionBufferFree(connection: number, buffer: number): void;
  /** Messages in it that the client has not given back. */
  connectionBufferOut(connection: number, buffer: number): number;
  /** As `respond`, of a message of `size` bytes in a buffer. Throws TRY_AGAIN when there is no room. */
  respondIn(connection: number, token: number, buffer: number, id: number, size: number): void;
  /** As `dispatch`; it does not wait: throws TRY_AGAIN when there is no room. */
  dispatchIn(connection: number, buffer: number, id: number, size: number): void;

  // The default poll adapter: a thread that watches, and wakes JavaScript. --------------------

  watcherOpen(): number;
  /** `onReady` must not throw: an exception is what it returns, in an array of its own. */
  watcherAdd(watcher: number, fd: number, onReady: (revents: number) => unknown): number;
  watcherModify(watcher: number, handle: number, events: number): void;
  watcherRemove(watcher: number, handle: number): void;
  watcherRef(watcher: number, handle: number, ref: boolean): void;
  watcherClose(watcher: number): void;

  /** poll(2) over triples of fd, events and revents; writes the revents; returns how many are ready. */
  poll(fds: Int32Array, timeoutMs: number): number;
}

function load(): NativeAddon {
  const platform = `${process.platform}-${process.arch}`;
  const path = `../prebuilds/${platform}/coroipc.node`;
  let addon: NativeAddon;
  try {
    addon = createRequire(import.meta.url)(path) as NativeAddon;
  } catch (cause) {
    throw new Error(
      `@coroipc/core has no binary for ${platform} that loads here (prebuilds/${platform}/coroipc.node); it supports Linux on x64 and arm64`,
      { cause },
    );
  }
  const { COROIPC_COPY } = process.env;
  addon.setup(CoroIpcError, scratch, COROIPC_COPY === '1');
  return addon;
}

/** The C++ core of this environment. */
export const native: NativeAddon = load();
