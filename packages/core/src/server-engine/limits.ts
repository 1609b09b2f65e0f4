// What a server allows its peers to take. Every limit has a default and a range.

import { checkInteger, checkOptions, MAX_INT32 } from '../arguments.js';

/** Limits of a server. A peer that goes beyond one is refused or cut off; the server goes on. */
export interface ServerLimits {
  /** Time for a peer to finish its handshake, in milliseconds. Default 5000. */
  readonly handshakeTimeoutMs: number;
  /** Connections at once, those in their handshake included. Beyond: NO_RESOURCES. Default 4096. */
  readonly maxConnections: number;
  /** The same of one user, whom the kernel names. Beyond: NO_RESOURCES. Default 2048. */
  readonly maxConnectionsPerUid: number;
  /**
   * Handshakes at once that are not finished, of one user; one more ends the oldest. Default 1024.
   */
  readonly maxHandshakes: number;
  /** Largest ring or shared buffer of a connection, in bytes. Default 64 MiB. */
  readonly maxBufferBytes: number;
  /**
   * Shared memory of one connection, in bytes: its rings, and its zero-copy buffers of either side.
   * Rings beyond are TOO_BIG, a buffer beyond is NO_RESOURCES. Default 512 MiB.
   */
  readonly maxBytesPerConnection: number;
  /** Most bytes of dispatch messages queued for one connection. Default 16 MiB. */
  readonly maxQueueBytes: number;
  /** Most zero-copy buffers a connection may hold. Default 64. */
  readonly maxZeroCopyBuffers: number;
  /** Requests of a connection in flight, on the native wire; who asks for more gets these. Default 1024. */
  readonly maxInFlight: number;
  /** Requests served in one turn of the loop. Default 256. */
  readonly requestsPerTurn: number;
  /** How long to spin for a next request after an answer, in microseconds; 0 is never. Default 50. */
  readonly spinUs: number;
}

const MIB = 1024 * 1024;

/** The limits of a server that names none. */
export const DEFAULT_SERVER_LIMITS: ServerLimits = Object.freeze({
  handshakeTimeoutMs: 5000,
  maxConnections: 4096,
  maxConnectionsPerUid: 2048,
  maxHandshakes: 1024,
  maxBufferBytes: 64 * MIB,
  maxBytesPerConnection: 512 * MIB,
  maxQueueBytes: 16 * MIB,
  maxZeroCopyBuffers: 64,
  maxInFlight: 1024,
  requestsPerTurn: 256,
  spinUs: 50,
});

const RANGES: Readonly<Record<keyof ServerLimits, readonly [least: number, most: number]>> = {
  handshakeTimeoutMs: [1, MAX_INT32],
  maxConnections: [1, 1_000_000],
  maxConnectionsPerUid: [1, 1_000_000],
  maxHandshakes: [1, 1_000_000],
  maxBufferBytes: [4096, 1024 * MIB],
  maxBytesPerConnection: [4096, MIB * MIB],
  maxQueueBytes: [0, MAX_INT32],
  maxZeroCopyBuffers: [0, 65536],
  maxInFlight: [1, 65536],
  requestsPerTurn: [1, 65536],
  spinUs: [0, 1_000_000],
};

/** Some limits of a server. */
export type GivenLimits = { readonly [name in keyof ServerLimits]?: number | undefined };

/** The default limits with those of `given` in their place. */
export function serverLimits(given: GivenLimits | undefined): ServerLimits {
  if (given === undefined) return DEFAULT_SERVER_LIMITS;
  checkOptions('limits', given, Object.keys(RANGES));
  const limits: { -readonly [name in keyof ServerLimits]: number } = { ...DEFAULT_SERVER_LIMITS };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const limit = name as keyof ServerLimits;
    limits[limit] = checkInteger(`limits.${name}`, value, ...RANGES[limit]);
  }
  return limits;
}
