// coroipcs's functions over one connection: private data, responses, dispatch messages,
// references. Messages are whole messages with their 24-byte header, exactly as in C; here the
// header's size must be the message's.

import { checkBytes, checkParts, describe } from '../arguments.js';
import { declaredSize, RESPONSE_HEADER_BYTES, totalBytes } from '../messages.js';
import type { NativeParts } from '../native.js';
import { ServerConnection } from '../server-engine/connection.js';
import { ConnectionRecord } from './runtime.js';
import type { IpcsConnection } from './state.js';

/**
 * The private data of a connection (`coroipcs_private_data_get`): the Buffer of
 * `privateDataSizeGet` bytes, or what `privateDataSet` put in its place.
 */
export function privateDataGet(conn: IpcsConnection): unknown {
  return recordOf(conn).privateData;
}

/** Replaces the private data by any JavaScript value. */
export function privateDataSet(conn: IpcsConnection, value: unknown): void {
  recordOf(conn).privateData = value;
}

/**
 * Answers the request that waits on a connection (`coroipcs_response_send`).
 *
 * @returns 0
 * @throws {CoroIpcError} BAD_OPERATION when no request waits, TOO_BIG beyond the client's response
 * buffer, LIBRARY when the connection is over.
 * @throws {RangeError} when the header's size is not the message's.
 */
export function responseSend(conn: IpcsConnection, message: Uint8Array): 0 {
  const connection = connectionOf(conn);
  connection.respond(connection.token, whole([checkBytes('message', message)], 'message'));
  return 0;
}

/** {@link responseSend} of a message in parts (`coroipcs_response_iov_send`). */
export function responseIovSend(conn: IpcsConnection, iov: readonly Uint8Array[]): 0 {
  const connection = connectionOf(conn);
  connection.respond(connection.token, whole(checkParts('iov', iov), 'iov'));
  return 0;
}

/**
 * Sends a dispatch message (`coroipcs_dispatch_send`). While the client's ring is full, it is queued,
 * or what `overflowGet` said instead.
 *
 * @returns 0
 * @throws {CoroIpcError} TOO_BIG beyond what the ring can ever hold, TRY_AGAIN when it is refused
 * because of a full ring or queue, LIBRARY when the connection is over (the C function says nothing
 * then).
 * @throws {RangeError} when the header's size is not the message's.
 */
export function dispatchSend(conn: IpcsConnection, message: Uint8Array): 0 {
  const connection = connectionOf(conn);
  connection.dispatch(whole([checkBytes('message', message)], 'message'));
  return 0;
}

/** {@link dispatchSend} of a message in parts (`coroipcs_dispatch_iov_send`). */
export function dispatchIovSend(conn: IpcsConnection, iov: readonly Uint8Array[]): 0 {
  const connection = connectionOf(conn);
  connection.dispatch(whole(checkParts('iov', iov), 'iov'));
  return 0;
}

/** Keeps a connection's object beyond its end (`coroipcs_refcount_inc`). */
export function refcountInc(conn: IpcsConnection): void {
  connectionOf(conn).hold();
}

/**
 * Gives back what `refcountInc` took (`coroipcs_refcount_dec`).
 * @throws {CoroIpcError} BAD_OPERATION without a `refcountInc` before it.
 */
export function refcountDec(conn: IpcsConnection): void {
  connectionOf(conn).letGo();
}

function whole(parts: NativeParts, name: string): NativeParts {
  const total = totalBytes(parts);
  const declared = declaredSize(parts, RESPONSE_HEADER_BYTES, name);
  if (declared !== total) {
    throw new RangeError(
      `${name} must be as long as its header's size says, ${declared} bytes, got ${total} bytes`,
    );
  }
  return parts;
}

function connectionOf(conn: IpcsConnection): ServerConnection {
  recordOf(conn);
  return conn as ServerConnection;
}

function recordOf(conn: IpcsConnection): ConnectionRecord {
  if (conn instanceof ServerConnection && conn.attachment instanceof ConnectionRecord) {
    return conn.attachment;
  }
  throw new TypeError(`conn must be a connection of coroipcs, got ${describe(conn)}`);
}
