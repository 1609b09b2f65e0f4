// Connecting to a service and leaving it.

import { checkInteger, checkOptions, checkTimeout, optionNames } from '../arguments.js';
import {
  connectOptions,
  DEFAULT_CONNECT_TIMEOUT_MS,
  type Generation,
  MAX_BUFFER_BYTES,
} from '../client-engine/connect-options.js';
import { ClientEngine } from '../client-engine/engine.js';
import type { Wire } from '../wires.js';
import { Connection, connectionOf, type ServiceHandle } from './handle.js';

/** Options of {@link serviceConnect}. */
export interface ServiceConnectOptions {
  /** The wire that the server speaks. Default `'native'`; servers of corosync's speak `'classic'`. */
  wire?: Wire | undefined;
  /** The generation of the classic wire, which it implies. Default `'1.2'`. */
  generation?: Generation | undefined;
  /** The user whose server alone is talked to. Default: any. */
  serverUid?: number | undefined;
  /** Zero-copy buffers of the server's that are taken, 0 to 64, on the native wire. Default 16. */
  maxZeroCopyBuffers?: number | undefined;
  /** Bytes of one of them, 4 KiB to 1 GiB. Default 64 MiB. */
  maxBufferBytes?: number | undefined;
  /** Time for the handshake, in milliseconds; -1 is no limit. Default 5000. */
  timeoutMs?: number | undefined;
  /** The longest that a wait for an answer spins before it sleeps, in microseconds. Default 200. */
  spinUs?: number | undefined;
}

const OPTIONS = optionNames<ServiceConnectOptions>({
  wire: true,
  generation: true,
  serverUid: true,
  maxZeroCopyBuffers: true,
  maxBufferBytes: true,
  timeoutMs: true,
  spinUs: true,
});

/**
 * Connects to a service and waits for the server's answer (`coroipcc_service_connect`). The three
 * sizes are in bytes, 1 to 1 GiB: the largest request and the largest response, headers included, and
 * the ring of dispatch messages. They are rounded up to pages, on the native wire to rings that are
 * powers of two.
 *
 * @throws {CoroIpcError} TRY_AGAIN when nobody listens or the backlog is full, TIMEOUT,
 * NOT_EXIST for a service that the server lacks, SECURITY when it refuses or is not of `serverUid`,
 * NOT_SUPPORTED when it does not take the wire, TOO_BIG when it grants no rings of these sizes,
 * BAD_OPERATION when the name is served by this same thread.
 * @example
 * const handle = coroipcc.serviceConnect('echo', 0, 65536, 65536, 65536);
 * const answer = coroipcc.msgSendReplyReceive(handle, encodeRequest(1, 'hello'));
 */
export function serviceConnect(
  name: string,
  service: number,
  requestBytes: number,
  responseBytes: number,
  dispatchBytes: number,
  options: ServiceConnectOptions = {},
): ServiceHandle {
  checkOptions('options', options, OPTIONS);
  const { wire, generation, serverUid, maxZeroCopyBuffers, maxBufferBytes, spinUs } = options;
  const { timeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = options;
  const sizes = { requestBytes, responseBytes, dispatchBytes };
  for (const [size, bytes] of Object.entries(sizes)) {
    checkInteger(size, bytes, 1, MAX_BUFFER_BYTES);
  }
  // One request at a time, as each function here waits for its answer.
  const native = connectOptions(
    {
      ...{ name, service, ...sizes, wire, generation, maxInFlight: 1, serverUid },
      ...{ maxZeroCopyBuffers, maxBufferBytes, spinUs },
    },
    '',
  );
  checkTimeout('options.timeoutMs', timeoutMs);
  return new Connection(ClientEngine.connect(native, timeoutMs));
}

/**
 * Leaves a service (`coroipcc_service_disconnect`). Views of the connection's memory may still be
 * looked at; it is given back when they are collected.
 *
 * @throws {CoroIpcError} BAD_HANDLE for a second time.
 */
export function serviceDisconnect(handle: ServiceHandle): void {
  connectionOf(handle).close();
}

/**
 * A descriptor for the caller's own poll set (`coroipcc_fd_get`): readable when a dispatch message
 * may have come, or the server is gone. On the native wire it is an epoll descriptor, and readable for
 * as long as one of these is so, whatever calls ran in between. The library owns it: it must not be
 * read or closed.
 */
export function fdGet(handle: ServiceHandle): number {
  return connectionOf(handle).engine.fd;
}

/**
 * Whether the server holds messages back because the ring is full
 * (`coroipcc_dispatch_flow_control_get`).
 */
export function dispatchFlowControlGet(handle: ServiceHandle): boolean {
  return connectionOf(handle).engine.flowControlled;
}
