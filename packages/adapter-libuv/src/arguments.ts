// Checks of what users hand to the adapter: a TypeError for the wrong kind, a RangeError for a
// value outside its limits.

import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from '@coroipc/core';

const MAX_FD = 0x7fffffff;
const KNOWN_EVENTS = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLNVAL;

export function checkDescriptor(fd: unknown): void {
  if (typeof fd !== 'number') throw new TypeError(`fd must be a number, got ${typeof fd}`);
  if (!Number.isInteger(fd) || fd < 0 || fd > MAX_FD) {
    throw new RangeError(`fd must be an integer from 0 to ${MAX_FD}, got ${fd}`);
  }
}

export function checkEvents(events: unknown): void {
  if (typeof events !== 'number') {
    throw new TypeError(`events must be a number, got ${typeof events}`);
  }
  if (
    !Number.isInteger(events) ||
    events < 0 ||
    events > KNOWN_EVENTS ||
    (events & ~KNOWN_EVENTS) !== 0
  ) {
    throw new RangeError(`events must be a set of POLLIN and POLLOUT, got ${events}`);
  }
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') {
    throw new TypeError(
      `${name} must be a function, got ${value === null ? 'null' : typeof value}`,
    );
  }
}
