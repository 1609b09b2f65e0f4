// The counters of connections and servers, under the names that the API for people gives them.

import { native } from '../native.js';
import { ServerConnection } from '../server-engine/connection.js';

/** What was counted of one connection, or of all connections of a server. */
export interface TrafficStats {
  readonly requests: number;
  readonly responses: number;
  /** Dispatch messages put in the ring. */
  readonly dispatched: number;
  /** How often flow control began: a ring was full, and messages were queued. */
  readonly flowControlCount: number;
  /** Dispatch messages that gave way to newer ones: `overflow: 'drop-oldest'`. */
  readonly dropped: number;
  /** Dispatch messages that were refused with ERR_TRY_AGAIN. */
  readonly rejected: number;
  /** Connections that ended because they did not keep up: `overflow: 'disconnect'`. */
  readonly overflows: number;
  /** Waits on a semaphore of the classic wire that had to be repeated. */
  readonly semRetryCount: number;
  /** Sends on the socket that had to be repeated. */
  readonly sendRetryCount: number;
  /** Receives on the socket that had to be repeated. */
  readonly recvRetryCount: number;
  /** Requests that nobody takes: answered ERR_INVALID_PARAM. */
  readonly invalidRequests: number;
  /** Connections that ended because their peer broke the protocol. */
  readonly breaches: number;
}

/** The counters of one connection. */
export interface ConnectionStats extends TrafficStats {
  /** Dispatch messages held back because the client's ring is full, now. */
  readonly queuedMessages: number;
  /** Their bytes. */
  readonly queuedBytes: number;
}

/** The counters of a server: those of all its connections, the ended ones included. */
export interface ServerStats extends ConnectionStats {
  /** Connections now. */
  readonly connections: number;
  /** Connections since the server listens. */
  readonly connectionsTotal: number;
  /** Peers that were refused by `authenticate`, for want of the service, or by its `connect`. */
  readonly refused: number;
  /**
   * Peers that were refused at a limit: `maxConnections`, `maxConnectionsPerUid`,
   * `maxBytesPerConnection`.
   */
  readonly refusedByLimits: number;
  /** Peers that were refused because the system had no descriptor, memory, space or thread left. */
  readonly refusedForResources: number;
  /** Peers that did not finish their handshake, or not as it should be, or not in time. */
  readonly failedHandshakes: number;
  /** Those of them that were hung up on after `handshakeTimeoutMs`. */
  readonly handshakeTimeouts: number;
}

/** Counters that can be added to. */
export type Totals = { -readonly [name in keyof ConnectionStats]: number };

/** Counters at zero. */
export function noStats(): Totals {
  return {
    requests: 0,
    responses: 0,
    dispatched: 0,
    flowControlCount: 0,
    dropped: 0,
    rejected: 0,
    overflows: 0,
    semRetryCount: 0,
    sendRetryCount: 0,
    recvRetryCount: 0,
    invalidRequests: 0,
    breaches: 0,
    queuedMessages: 0,
    queuedBytes: 0,
  };
}

/** Adds `more` to `totals`. */
export function addStats(totals: Totals, more: ConnectionStats): void {
  for (const name of Object.keys(totals) as (keyof Totals)[]) totals[name] += more[name];
}

/** The counters of a connection that the core still knows. */
export function statsOf(link: ServerConnection): ConnectionStats {
  const { counters, queuedMessages, queuedBytes } = native.connectionInfo(link.number);
  const count = ServerConnection.counter;
  return {
    requests: count(counters, 'requests'),
    responses: count(counters, 'responses'),
    dispatched: count(counters, 'dispatched'),
    flowControlCount: count(counters, 'flow_control_count'),
    dropped: count(counters, 'dropped'),
    rejected: count(counters, 'overload'),
    overflows: count(counters, 'overflow'),
    semRetryCount: count(counters, 'sem_retry_count'),
    sendRetryCount: count(counters, 'send_retry_count'),
    recvRetryCount: count(counters, 'recv_retry_count'),
    breaches: count(counters, 'breach'),
    invalidRequests: count(counters, 'invalid_request') + link.invalidRequests,
    queuedMessages,
    queuedBytes,
  };
}
