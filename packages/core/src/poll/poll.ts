// poll(2) itself, for loops written by hand.

import { checkInteger, checkObject, checkTimeout, MAX_INT32 } from '../arguments.js';
import { native } from '../native.js';
import type { PollEvents } from './contract.js';

/** A descriptor and what is asked of it. */
export interface PollRequest {
  readonly fd: number;
  readonly events: PollEvents;
}

const MAX_EVENTS = 0x7fff;
const WORDS = 3;
const MAX_DESCRIPTORS = 1_048_576;

/**
 * Waits until one of the descriptors is ready, as poll(2) does, and blocks the thread meanwhile.
 *
 * @param fds What is asked for, descriptor by descriptor.
 * @param timeoutMs How long to wait, in milliseconds: 0 looks and returns, negative is for ever.
 * @returns What each is ready for, in the order of `fds`; 0 for one that is not ready.
 * @throws {TypeError | RangeError} for arguments of another kind or outside their limits.
 */
export function poll(fds: readonly PollRequest[], timeoutMs: number = 0): PollEvents[] {
  if (!Array.isArray(fds)) throw new TypeError('fds must be an array of { fd, events }');
  if (fds.length > MAX_DESCRIPTORS) {
    throw new RangeError(`fds must hold ${MAX_DESCRIPTORS} at most, got ${fds.length}`);
  }
  checkTimeout('timeoutMs', timeoutMs);
  const words = new Int32Array(fds.length * WORDS);
  for (const [index, request] of fds.entries()) {
    const name = `fds[${index}]`;
    checkObject(name, request);
    words[index * WORDS] = checkInteger(`${name}.fd`, request.fd, 0, MAX_INT32);
    words[index * WORDS + 1] = checkInteger(`${name}.events`, request.events, 0, MAX_EVENTS);
  }
  native.poll(words, timeoutMs);
  return Array.from({ length: fds.length }, (_, index) => words[index * WORDS + 2] ?? 0);
}
