// The socket names that this thread serves. Every worker thread has its own instance of this
// module, so the set is the thread's. A blocking operation towards one of these names could never
// return: the thread that would have to answer is the one that waits.

import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CoroIpcError } from './errors.js';
import { CS } from './status.js';

/** The names, and what of each there is one way to write. */
const served = new Map<string, string>();

/** A server listens under this name now. Called by the server engine alone, as the next. */
export function beginsToServe(name: string): void {
  served.set(name, oneWayToWrite(name));
}

export function endsToServe(name: string): void {
  served.delete(name);
}

/** Whether this thread serves that name, however it is written. */
export function isServedHere(name: string): boolean {
  if (served.size === 0) return false;
  return served.has(name) || [...served.values()].includes(oneWayToWrite(name));
}

// A path may lead to a socket in many ways; the socket itself may be gone, or not be there yet.
function oneWayToWrite(name: string): string {
  if (!name.includes('/')) return name;
  try {
    return join(realpathSync(dirname(name)), basename(name));
  } catch {
    return name;
  }
}

/** The error of an operation that would wait for its own thread. */
export function ownThreadError(operation: string, name: string): CoroIpcError {
  return new CoroIpcError(
    CS.ERR_BAD_OPERATION,
    `${operation}: "${name}" is served by this same thread, so waiting for it could never end; use the asynchronous API of IpcClient`,
  );
}
