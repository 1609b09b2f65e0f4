// Checks of what users hand to this package, at the call and not at the subscription: a TypeError
// for the wrong kind, a RangeError for a value outside its limits.

import { IpcClient, IpcServer } from '@coroipc/core';
import { checkInteger, describe } from '@coroipc/core/adapter';

const MAX_ID = 65535;

function wrongType(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${name} must be ${expected}, got ${describe(value)}`);
}

/** A service number or a command id. */
export function checkId(name: string, value: unknown): number {
  return checkInteger(name, value, 0, MAX_ID);
}

export function checkSignal(name: string, value: unknown): void {
  if (value !== undefined && !(value instanceof AbortSignal)) {
    throw wrongType(name, 'an AbortSignal or undefined', value);
  }
}

export function checkClient(value: unknown): void {
  if (!(value instanceof IpcClient)) throw wrongType('client', 'an IpcClient', value);
}

export function checkServer(value: unknown): void {
  if (!(value instanceof IpcServer)) throw wrongType('server', 'an IpcServer', value);
}
