// What an IpcClient is told, and what it tells: options and events.

import type { Generation } from '../client-engine/connect-options.js';
import type { DispatchMessage } from '../dispatch-message.js';
import type { CoroIpcError } from '../errors.js';
import type { PollAdapter } from '../poll/contract.js';
import type { Wire } from '../wires.js';

/** What a client connects with. */
export interface IpcClientOptions {
  /** The server's socket name: 1 to 107 bytes of UTF-8; one that begins with `/` is a path. */
  name: string;
  /** The service, 0 to 65535. */
  service: number;
  /** The poll system. Default: the library's own thread. */
  adapter?: PollAdapter | undefined;
  /** The wire that the server speaks. Default `'native'`; servers of corosync's speak `'classic'`. */
  wire?: Wire | undefined;
  /** The generation of the classic wire, which it implies. Default `'1.2'`. */
  generation?: Generation | undefined;
  /** Requests in flight at once, 1 to 65536, on the native wire; a server may grant fewer. Default 256. */
  maxInFlight?: number | undefined;
  /** Calls that may wait for room, beyond those in flight, 0 to 2147483647. Default 65536. */
  maxWaiting?: number | undefined;
  /** Bytes of their payloads, which are copied meanwhile, 0 to 2147483647. Default 64 MiB. */
  maxWaitingBytes?: number | undefined;
  /** The user whose server alone is talked to, against others who took the name. Default: any. */
  serverUid?: number | undefined;
  /**
   * Bytes of the largest request, its 16-byte header included. Default 1 MiB, less 24 on the native
   * wire, whose rings are powers of two with 24 bytes around the largest message.
   */
  requestBytes?: number | undefined;
  /** Bytes of the largest answer, its 24-byte header included. Default as `requestBytes`. */
  responseBytes?: number | undefined;
  /** Bytes of the dispatch ring, rounded up to pages, or to a power of two. Default 1 MiB. */
  dispatchBytes?: number | undefined;
  /**
   * Gives payloads that lie in zero-copy buffers of the server's where they lie; each has to be given
   * back with {@link IpcClient.release}. Default false: they are copied.
   */
  inPlace?: boolean | undefined;
  /** Zero-copy buffers of the server's that are taken, 0 to 64, on the native wire. Default 16. */
  maxZeroCopyBuffers?: number | undefined;
  /** Bytes of one of them, 4 KiB to 1 GiB. Default 64 MiB. */
  maxBufferBytes?: number | undefined;
  /** Time for the handshake, in milliseconds; -1 is no limit. Default 5000. */
  timeoutMs?: number | undefined;
  /** The longest that a wait for an answer spins before it sleeps, in microseconds. Default 200. */
  spinUs?: number | undefined;
  /** Gives the handshake up. */
  signal?: AbortSignal | undefined;
}

/** What {@link IpcClient.stats} tells. */
export interface ClientStats {
  /** Calls whose request was sent and that have no answer yet. */
  readonly inFlight: number;
  /** Calls whose request waits for room. */
  readonly waiting: number;
  /** Calls that were rejected because too many waited: `maxWaiting`, `maxWaitingBytes`. */
  readonly rejected: number;
  /** Answers that came after their call was given up, and were dropped. */
  readonly lateAnswers: number;
}

/** Options of {@link IpcClient.callSync}. */
export interface CallSyncOptions {
  /** Time to wait, in milliseconds; -1 is no limit. Default -1. */
  timeoutMs?: number | undefined;
}

/** Options of {@link IpcClient.call}. */
export interface CallOptions extends CallSyncOptions {
  /** Gives the call up. */
  signal?: AbortSignal | undefined;
}

/** Options of {@link IpcClient.dispatches}. */
export interface DispatchesOptions {
  /** Messages that may wait in the iterator before the ring is left alone. Default 256. */
  highWaterMark?: number | undefined;
  /** Ends the iterator, with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The events of an {@link IpcClient}. An exception of a listener is an uncaught exception. */
export interface IpcClientEvents {
  /** A dispatch message. While there is a listener, the ring is consumed. */
  dispatch: (message: DispatchMessage) => void;
  /** The server began, or ceased, to hold messages back because the ring is full. */
  flowControl: (on: boolean) => void;
  /** The client is closed; with an error when the server ended the connection. */
  close: (error?: CoroIpcError) => void;
}
