// Requests and their answers. A request is a whole message with its 16-byte header, an answer one
// with its 24-byte header, exactly as in C. All of these block.

import {
  checkInteger,
  checkOptions,
  checkParts,
  checkTimeout,
  MAX_INT32,
  optionNames,
} from '../arguments.js';
import { CoroIpcError } from '../errors.js';
import {
  declaredSize,
  REQUEST_HEADER_BYTES,
  RESPONSE_HEADER_BYTES,
  totalBytes,
} from '../messages.js';
import type { NativeParts } from '../native.js';
import { CS } from '../status.js';
import { type Connection, connectionOf, type ServiceHandle } from './handle.js';

/** Options of the functions that wait for an answer. */
export interface WaitOptions {
  /** Time to wait, in milliseconds; -1 is no limit. Default -1. */
  timeoutMs?: number | undefined;
}

const WAIT_OPTIONS = optionNames<WaitOptions>({ timeoutMs: true });

/**
 * Sends a request and waits for its answer (`coroipcc_msg_send_reply_receive`).
 *
 * @param iov The request, in one part or several. Its header's size may differ from their total,
 * as with some of corosync's own clients, but not exceed the request buffer, nor, on the native wire,
 * the total.
 * @param responseBytes The most bytes of the answer to return, 24 at least. Default: all.
 * @returns the answer with its header. Look at its error: only TRY_AGAIN is thrown.
 * @throws {CoroIpcError} TRY_AGAIN when the answer says so, INVALID_PARAM when the parts or the
 * header's size exceed what they may, LIBRARY when the server is gone, TIMEOUT (the late answer is dropped),
 * BUSY while an answer is lent by {@link msgSendReplyReceiveInBufGet}.
 */
export function msgSendReplyReceive(
  handle: ServiceHandle,
  iov: Uint8Array | readonly Uint8Array[],
  responseBytes?: number,
  options?: WaitOptions,
): Buffer {
  const connection = connectionOf(handle);
  const limit = checkResponseBytes(responseBytes);
  const timeoutMs = timeoutOf(options);
  const parts = checkRequest(connection, iov);
  return takeAnswer(connection, connection.engine.exchange(parts, timeoutMs), limit);
}

/**
 * As {@link msgSendReplyReceive}, but returns the answer where it lies in the response buffer,
 * valid until {@link msgSendReplyReceiveInBufPut}; on the native wire a copy of it. An error of
 * TRY_AGAIN is not thrown.
 */
export function msgSendReplyReceiveInBufGet(
  handle: ServiceHandle,
  iov: Uint8Array | readonly Uint8Array[],
  options?: WaitOptions,
): Buffer {
  const connection = connectionOf(handle);
  const timeoutMs = timeoutOf(options);
  const parts = checkRequest(connection, iov);
  const answer = connection.engine.viewAnswer(connection.engine.exchange(parts, timeoutMs));
  connection.lendAnswer();
  return answer;
}

/**
 * Gives back what {@link msgSendReplyReceiveInBufGet} lent
 * (`coroipcc_msg_send_reply_receive_in_buf_put`).
 * @throws {CoroIpcError} BAD_OPERATION when nothing is lent.
 */
export function msgSendReplyReceiveInBufPut(handle: ServiceHandle): void {
  connectionOf(handle).returnAnswer();
}

/** Copies an answer of `size` bytes, cut to `limit`, and throws its TRY_AGAIN. */
export function takeAnswer(connection: Connection, size: number, limit: number): Buffer {
  const answer = connection.engine.receive(Math.min(size, limit));
  if (answer.readInt32LE(16) === CS.ERR_TRY_AGAIN) {
    throw new CoroIpcError(CS.ERR_TRY_AGAIN, 'the server answered');
  }
  return answer;
}

export function checkResponseBytes(value: number | undefined): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  return checkInteger('responseBytes', value, RESPONSE_HEADER_BYTES, MAX_INT32);
}

export function timeoutOf(options: WaitOptions | undefined): number {
  if (options === undefined) return -1;
  checkOptions('options', options, WAIT_OPTIONS);
  const { timeoutMs = -1 } = options;
  return checkTimeout('options.timeoutMs', timeoutMs);
}

/** Checks a header's size against the memory that the request goes to; returns it. */
export function checkDeclaredSize(parts: NativeParts, most: number, name: string): number {
  const declared = declaredSize(parts, REQUEST_HEADER_BYTES, name);
  if (declared < REQUEST_HEADER_BYTES) {
    throw new RangeError(
      `the size in ${name}'s header must be from ${REQUEST_HEADER_BYTES} to ${most}, got ${declared}`,
    );
  }
  if (declared > most) {
    const what = `the size in ${name}'s header is ${declared}, the buffer has ${most}`;
    throw new CoroIpcError(CS.ERR_INVALID_PARAM, what);
  }
  return declared;
}

function checkRequest(
  connection: Connection,
  iov: Uint8Array | readonly Uint8Array[],
): NativeParts {
  const parts = checkParts('iov', iov);
  connection.checkAnswerFree();
  const { wire, facts } = connection.engine;
  const declared = checkDeclaredSize(parts, facts.requestBytes, 'iov');
  const total = totalBytes(parts);
  // There a server takes it for a breach, and ends the connection.
  if (wire === 'native' && declared > total) {
    const what = `the size in iov's header is ${declared}, its parts have ${total} bytes`;
    throw new CoroIpcError(CS.ERR_INVALID_PARAM, what);
  }
  return parts;
}
