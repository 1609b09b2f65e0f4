// Zero-copy buffers: memory that both sides have mapped, in which a request is made in place. A
// request in it is a whole message with its 16-byte header, from the buffer's first byte on.

import { checkBytes, checkInteger } from '../arguments.js';
import { MAX_BUFFER_BYTES } from '../client-engine/connect-options.js';
import { CoroIpcError } from '../errors.js';
import { REQUEST_HEADER_BYTES } from '../messages.js';
import { CS } from '../status.js';
import { type Connection, connectionOf, type ServiceHandle } from './handle.js';
import {
  checkDeclaredSize,
  checkResponseBytes,
  takeAnswer,
  timeoutOf,
  type WaitOptions,
} from './requests.js';

/**
 * Makes a zero-copy buffer of `size + headerSize` bytes (`coroipcc_zcb_alloc`).
 *
 * @throws {RangeError} when it would hold no request header, or more than 1 GiB.
 * @throws {CoroIpcError} NO_RESOURCES when the server takes no more of them, NOT_SUPPORTED where the
 * runtime allows no ArrayBuffer over memory of a library's.
 */
export function zcbAlloc(
  handle: ServiceHandle,
  size: number,
  headerSize: number,
  options?: WaitOptions,
): Buffer {
  const connection = connectionOf(handle);
  checkInteger('size', size, 0, MAX_BUFFER_BYTES);
  checkInteger('headerSize', headerSize, 0, MAX_BUFFER_BYTES);
  checkInteger('size + headerSize', size + headerSize, REQUEST_HEADER_BYTES, MAX_BUFFER_BYTES);
  const timeoutMs = timeoutOf(options);
  connection.checkAnswerFree();
  const buffer = connection.engine.allocZeroCopy(size, headerSize, timeoutMs);
  connection.zeroCopy.add(buffer);
  return Buffer.from(buffer);
}

/**
 * Frees a zero-copy buffer (`coroipcc_zcb_free`): its memory is given back, and zeros of this process's
 * own take its place in every view of it.
 *
 * @throws {CoroIpcError} BAD_HANDLE for a buffer that is not one of this connection's.
 */
export function zcbFree(handle: ServiceHandle, buffer: Uint8Array, options?: WaitOptions): void {
  const connection = connectionOf(handle);
  const timeoutMs = timeoutOf(options);
  const memory = memoryOf(connection, buffer);
  try {
    connection.engine.freeZeroCopy(memory, timeoutMs);
  } catch (error) {
    // Freed here it is also when the server could not be told, but not while a request lies there.
    if (!CoroIpcError.is(error, CS.ERR_BUSY)) connection.zeroCopy.delete(memory);
    throw error;
  }
  connection.zeroCopy.delete(memory);
}

/**
 * Sends the request that lies in a zero-copy buffer and waits for its answer
 * (`coroipcc_zcb_msg_send_reply_receive`). The answer is copied, as with
 * {@link msgSendReplyReceive}.
 */
export function zcbMsgSendReplyReceive(
  handle: ServiceHandle,
  buffer: Uint8Array,
  responseBytes?: number,
  options?: WaitOptions,
): Buffer {
  const connection = connectionOf(handle);
  const limit = checkResponseBytes(responseBytes);
  const timeoutMs = timeoutOf(options);
  const memory = memoryOf(connection, buffer);
  checkDeclaredSize([new Uint8Array(memory)], memory.byteLength, 'buffer');
  const size = connection.engine.exchangeZeroCopy(memory, timeoutMs);
  return takeAnswer(connection, size, limit);
}

function memoryOf(connection: Connection, buffer: Uint8Array): ArrayBuffer {
  const memory = checkBytes('buffer', buffer).buffer as ArrayBuffer;
  connection.checkAnswerFree();
  if (!connection.zeroCopy.has(memory)) {
    throw new CoroIpcError(CS.ERR_BAD_HANDLE, "buffer is none of this connection's zcbAlloc");
  }
  return memory;
}
