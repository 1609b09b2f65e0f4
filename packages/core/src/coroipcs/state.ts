// The members of `coroipcs_init_state` and `coroipcs_init_state_v2` under their camelCase names,
// and the opaque types that travel through them. Only `socketName` has to be given: every other
// member has a default that works (coroipcs/hooks.ts).

import type { PollAdapter, PollEvents } from '../poll/contract.js';
import type { GivenLimits } from '../server-engine/limits.js';
import type { OverflowPolicy } from '../server-engine/overflow.js';
import type { Wire } from '../wires.js';

/** A server of `ipcInit`. */
export interface IpcsServer {
  readonly socketName: string;
  /** Whether everything of the server has ended. */
  readonly closed: boolean;
}

/** A connection, the `conn` of the C functions. */
export interface IpcsConnection {
  /** The service that the peer connected to. */
  readonly service: number;
}

/** What goes with a watched descriptor from `pollDispatchAdd` to `handlerDispatch`. */
export interface IpcsContext {
  readonly fd: number;
}

// biome-ignore lint/suspicious/noConfusingVoidType: a function declared to return nothing is meant.
type Outcome = number | undefined | void;

/** Connect function: 0 or nothing is success, any other number refuses the connection. */
export type InitFunction = (conn: IpcsConnection) => Outcome;

/** Disconnect function: -1 is "busy, call again", anything else is done. */
export type ExitFunction = (conn: IpcsConnection) => Outcome;

/**
 * Request function. `message` is the whole request with its 16-byte header. It sends exactly one
 * response, now or later. A zero-copy request lies in memory that the peer may still write to, also
 * when it is answered.
 */
export type HandlerFunction = (conn: IpcsConnection, message: Buffer) => void;

/** What `statsCreateConnection` returned; the library only hands it back. */
export type StatsHandle = unknown;

/**
 * What a server is made of. Functions are called as methods of this object, on the thread that
 * called `ipcInit`; later changes of the object are not seen.
 */
export interface CoroipcsInitState {
  /** The socket's name: 1 to 107 bytes of UTF-8; abstract, or a path when it begins with `/`. */
  socketName: string;
  /** Permission bits of a path, 0 to 0o777. Default 0o600. */
  mode?: number | undefined;
  /** Owner and group of a path. Default: this process's. */
  owner?: { uid?: number | undefined; gid?: number | undefined } | undefined;
  /** Non-zero or `true`: the service exists. Asked for 0 to 65535 only. Default: all exist. */
  serviceAvailable?(service: number): number | boolean;
  /** Bytes of a connection's private data, given as a zeroed Buffer. Default: no Buffer. */
  privateDataSizeGet?(service: number): number;
  /**
   * Whether a peer may connect, by the ids the kernel gives: `true` or a number other than 0
   * admits, everything else denies, a Promise included. Default: root and this process's
   * effective uid.
   */
  securityValid?(uid: number, gid: number): number | boolean;
  /** Taken around each request and each disconnect function. Default: nothing. */
  serializeLock?(): void;
  serializeUnlock?(): void;
  /**
   * Asked before each request's function, with the lock held: 1 runs it, 0 answers TRY_AGAIN, -1
   * (and anything else) answers INVALID_PARAM. `scratch` is 512 bytes of the connection's own.
   * Default: 1.
   */
  sendingAllowed?(service: number, id: number, message: Buffer, scratch: Buffer): number;
  /** Called after each request that `sendingAllowed` was asked for, whatever it said. */
  sendingAllowedRelease?(scratch: Buffer): void;
  /** Watch the listening descriptor for POLLIN, and call `handlerAccept`. */
  pollAcceptAdd?(fd: number): void;
  /**
   * Watch `fd` for POLLIN, and call `handlerDispatch` with this context. Two descriptors of the
   * server's own come this way beside the connections; a host need not tell them apart.
   */
  pollDispatchAdd?(fd: number, context: IpcsContext): void;
  /** Watch `fd` for exactly these events. Without it the library waits for POLLOUT by itself. */
  pollDispatchModify?(fd: number, events: PollEvents): void;
  /**
   * Forget `fd`, which is closed right after. Not called for the descriptor whose
   * `handlerDispatch` is running: that returns -1. `context` is undefined for the listening one.
   */
  pollDispatchDestroy?(fd: number, context: IpcsContext | undefined): void;
  /** Told why `ipcInit` fails, before it throws. */
  fatalError?(message: string): void;
  /** The connect function of a service. Default: none. */
  initFnGet?(service: number): InitFunction | null | undefined;
  /** The disconnect function of a service. Default: none. */
  exitFnGet?(service: number): ExitFunction | null | undefined;
  /** The request function of a command; without one the request is answered INVALID_PARAM. */
  handlerFnGet?(service: number, id: number): HandlerFunction | null | undefined;
  /**
   * What happens to dispatch messages of a service while a client's ring is full; asked once a
   * connection, before its connect function. Default `'queue'`.
   */
  overflowGet?(service: number): OverflowPolicy | null | undefined;
  /** A connection begins: `name` is `process:service:pid:fd`. Its result names it below. */
  statsCreateConnection?(name: string, pid: number, fd: number): StatsHandle;
  statsDestroyConnection?(handle: StatsHandle): void;
  /** A value is set: `service_id`, `flow_control`. */
  statsUpdateValue?(handle: StatsHandle, name: string, value: number): void;
  /** A value grows by one; docs/api.md lists the names. */
  statsIncrementValue?(handle: StatsHandle, name: string): void;
  /** A value shrinks by one: `queue_size`. */
  statsDecrementValue?(handle: StatsHandle, name: string): void;
  /**
   * A line for the log. `recId` holds a syslog level in bits 0 to 2 and `logSubsysId` from bit 3
   * on. Default: `oldLogPrintf`, else `NODE_DEBUG=coroipc`.
   */
  logPrintf?(
    recId: number,
    functionName: string,
    fileName: string,
    line: number,
    message: string,
  ): void;
  /** A line for the log where `logPrintf` is missing. */
  oldLogPrintf?(message: string): void;
  /** Default 0. */
  logSubsysId?: number | undefined;
  /** The poll system, in place of the four poll functions. Default: the library's own thread. */
  adapter?: PollAdapter | undefined;
  /** The wires that peers may speak. Default `['native']`; C programs speak `'classic'`. */
  wires?: readonly Wire[] | undefined;
  /** What peers may take; {@link ServerLimits} has the defaults. */
  limits?: GivenLimits | undefined;
}
