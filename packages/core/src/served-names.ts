// The socket names that this thread serves. Every worker thread has its own instance of this
// module, so the set is the thread's. A blocking operation towards one of these names could never
// return: the thread that would have to answer is the one that waits.

import { CoroIpcError } from './errors.js';
import { CS } from './status.js';

/** Written by the server engine alone. */
export const servedNames: Set<string> = new Set<string>();

/** The error of an operation that would wait for its own thread. */
export function ownThreadError(operation: string, name: string): CoroIpcError {
  return new CoroIpcError(
    CS.ERR_BAD_OPERATION,
    `${operation}: "${name}" is served by this same thread, so waiting for it could never end; use the asynchronous API of IpcClient`,
  );
}
