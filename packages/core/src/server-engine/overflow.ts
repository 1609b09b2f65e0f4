// What becomes of the dispatch messages of a client that does not keep up: the policies that a service
// chooses from, in the order of their numbers on the border.

import { checkInteger, checkOneOf, MAX_INT32 } from '../arguments.js';

export const OVERFLOW_POLICIES = ['queue', 'drop-oldest', 'reject', 'disconnect'] as const;

/**
 * What happens to a dispatch message while the client's ring is full:
 *
 * - `'queue'`: it waits. Beyond the limit it is refused with ERR_TRY_AGAIN.
 * - `'drop-oldest'`: it waits. Beyond the limit those that waited longest are dropped, and counted.
 * - `'reject'`: it is refused with ERR_TRY_AGAIN, at once.
 * - `'disconnect'`: it waits. Beyond the limit the connection ends.
 *
 * The limit is in bytes, a connection. A message that is larger than the limit itself is refused
 * with ERR_TRY_AGAIN by each of them. After a refusal, `drain` tells when to send again.
 */
export type OverflowPolicy = (typeof OVERFLOW_POLICIES)[number];

/** A service's choice. */
export interface Overflow {
  readonly policy: OverflowPolicy;
  /** Most bytes that wait for one connection; `undefined`: the limit `maxQueueBytes`. */
  readonly maxQueueBytes: number | undefined;
}

export function checkOverflowPolicy(name: string, value: unknown): OverflowPolicy {
  return checkOneOf(name, value, OVERFLOW_POLICIES);
}

/** The choice of an object that may have both members; `undefined`: it has neither. */
export function checkOverflow(
  name: string,
  given: { readonly overflow?: unknown; readonly maxQueueBytes?: unknown },
): Overflow | undefined {
  const { overflow, maxQueueBytes } = given;
  if (overflow === undefined && maxQueueBytes === undefined) return undefined;
  const bytes = `${name}.maxQueueBytes`;
  return {
    policy: overflow === undefined ? 'queue' : checkOverflowPolicy(`${name}.overflow`, overflow),
    maxQueueBytes:
      maxQueueBytes === undefined ? undefined : checkInteger(bytes, maxQueueBytes, 0, MAX_INT32),
  };
}
