// Dispatch messages, taken one at a time by a caller that polls `fdGet`'s descriptor or waits
// here. A message is a whole one, with its 24-byte header.

import { checkTimeout } from '../arguments.js';
import { connectionOf, type ServiceHandle } from './handle.js';

/**
 * The next dispatch message where it lies in the ring (`coroipcc_dispatch_get`), valid until
 * {@link dispatchPut}; on the native wire a copy of it, since the ring is the server's to write alone.
 *
 * @param timeoutMs Time to wait for one, in milliseconds: -1 (the default) waits for ever, 0 only
 * looks.
 * @returns the message with its header, or `undefined` when the time is over.
 * @throws {CoroIpcError} LIBRARY or IN_SHUTDOWN when the server is gone and every message was
 * taken, BUSY before the last message was put.
 */
export function dispatchGet(handle: ServiceHandle, timeoutMs?: number): Buffer | undefined {
  const connection = connectionOf(handle);
  const limitMs = checkTimeout('timeoutMs', timeoutMs ?? -1);
  connection.checkMessageFree();
  const size = connection.engine.next(limitMs);
  if (size === 0) return undefined;
  const message = connection.engine.viewMessage(size);
  connection.lendMessage();
  return message;
}

/**
 * Gives back what {@link dispatchGet} lent, and its room to the server (`coroipcc_dispatch_put`).
 * @throws {CoroIpcError} BAD_OPERATION when nothing is lent.
 */
export function dispatchPut(handle: ServiceHandle): void {
  const connection = connectionOf(handle);
  connection.returnMessage();
  connection.engine.put();
}

/**
 * The next dispatch message in memory of its own (the man page's `coroipcc_dispatch_recv`): get,
 * copy, put. Otherwise as {@link dispatchGet}.
 */
export function dispatchRecv(handle: ServiceHandle, timeoutMs?: number): Buffer | undefined {
  const connection = connectionOf(handle);
  const limitMs = checkTimeout('timeoutMs', timeoutMs ?? -1);
  connection.checkMessageFree();
  const size = connection.engine.next(limitMs);
  return size === 0 ? undefined : connection.engine.take(size);
}
