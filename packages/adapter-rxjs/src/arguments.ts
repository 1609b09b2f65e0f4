// Checks of what users hand to this package, at the call and not at the subscription: a TypeError
// for the wrong kind, a RangeError for a value outside its limits.

import { IpcClient, IpcServer } from '@coroipc/core';

const MAX_ID = 65535;

/** The largest count, and the longest time in milliseconds, that can be asked for. */
export const MAX_INT32 = 0x7fffffff;

function wrongType(name: string, expected: string, value: unknown): TypeError {
  const got = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
  return new TypeError(`${name} must be ${expected}, got ${got}`);
}

export function checkInteger(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') {
    throw wrongType(name, `an integer from ${least} to ${most}`, value);
  }
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be an integer from ${least} to ${most}, got ${value}`);
  }
  return value;
}

/** A service number or a command id. */
export function checkId(name: string, value: unknown): number {
  return checkInteger(name, value, 0, MAX_ID);
}

export function checkObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(name, 'an object', value);
  }
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw wrongType(name, 'a function', value);
}

export function checkOptionalFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') {
    throw wrongType(name, 'a function or undefined', value);
  }
}

export function checkOneOf<Word extends string>(
  name: string,
  value: unknown,
  words: readonly Word[],
): Word {
  if (typeof value !== 'string') throw wrongType(name, `one of '${words.join("', '")}'`, value);
  const word = words.find((each) => each === value);
  if (word === undefined) {
    throw new RangeError(`${name} must be one of '${words.join("', '")}', got '${value}'`);
  }
  return word;
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
