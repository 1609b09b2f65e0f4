// The checks that every public function runs over its arguments before anything else happens.
// Each throws a TypeError (wrong kind) or a RangeError (right kind, outside its limits) whose
// message names the argument, the limit and the value. They have no side effects, and what they
// return is safe to hand to the addon.

import { toUSVString, types } from 'node:util';
import type { PollAdapter } from './poll/contract.js';

/** Services and command ids go from 0 to this. */
export const MAX_ID = 65535;

/** The largest number that travels in a header's field, and the longest time limit. */
export const MAX_INT32 = 0x7fffffff;

/** The longest abstract socket name: `sun_path` without its leading zero byte. */
export const MAX_NAME_BYTES = 107;

/** A value in the words of an error message. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > 40 ? `"${value.slice(0, 40)}…"` : JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'symbol':
      return 'a symbol';
    case 'function':
      return 'a function';
    case 'object':
      return value === null ? 'null' : kindOf(value);
    default:
      return String(value);
  }
}

// An object by its class, as far as it says: "a Map", "an ArrayBuffer".
function kindOf(value: object): string {
  if (Array.isArray(value)) return 'an array';
  if (types.isProxy(value)) return 'a Proxy';
  const name = className(value);
  if (name === '' || name === 'Object') return 'an object';
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name.slice(0, 40)}`;
}

// Runs no getter of the object's: one that throws would be told of in place of the mistake.
function className(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== 'object' || prototype === null || types.isProxy(prototype)) return '';
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof made !== 'function' || types.isProxy(made)) return '';
  const name: unknown = Object.getOwnPropertyDescriptor(made, 'name')?.value;
  return typeof name === 'string' ? name : '';
}

function wrongType(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${name} must be ${expected}, got ${describe(value)}`);
}

/** An integer from `least` to `most`. */
export function checkInteger(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)
    return value;
  throw notInteger(name, value, least, most);
}

// Apart, so that V8 finds the check itself small enough to build it into its callers.
function notInteger(name: string, value: unknown, least: number, most: number): Error {
  const expected = `an integer from ${least} to ${most}`;
  return typeof value === 'number'
    ? new RangeError(`${name} must be ${expected}, got ${value}`)
    : wrongType(name, expected, value);
}

/** A service number or a command id. */
export function checkId(name: string, value: unknown): number {
  // The bits of such a number are all that it is.
  if (typeof value === 'number' && (value & MAX_ID) === value) return value;
  throw notInteger(name, value, 0, MAX_ID);
}

/** A time limit in milliseconds: -1 waits for ever, 0 only looks. */
export function checkTimeout(name: string, value: unknown): number {
  return checkInteger(name, value, -1, MAX_INT32);
}

/** One of several words. */
export function checkOneOf<Word extends string>(
  name: string,
  value: unknown,
  words: readonly Word[],
): Word {
  const expected = `one of '${words.join("', '")}'`;
  if (typeof value !== 'string') throw wrongType(name, expected, value);
  const word = words.find((each) => each === value);
  if (word === undefined) {
    throw new RangeError(`${name} must be ${expected}, got ${describe(value)}`);
  }
  return word;
}

export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
  return value;
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw wrongType(name, 'a function', value);
}

/** A function or `undefined`. */
export function checkOptionalFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') {
    throw wrongType(name, 'a function or undefined', value);
  }
}

/** An object that holds options or members by name. */
export function checkObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(name, 'an object', value);
  }
}

/** The names of all options of a kind. */
export function optionNames<Options>(names: Record<keyof Options, true>): readonly string[] {
  return Object.keys(names);
}

/**
 * An object of options, all of whose own members are known: one that is spelled in another way would be
 * ignored, and with it what was meant.
 */
export function checkOptions(name: string, value: unknown, known: readonly string[]): void {
  if (ArrayBuffer.isView(value)) throw wrongType(name, 'an object', value);
  checkObject(name, value);
  for (const member of Object.keys(value as object)) {
    if (!known.includes(member)) {
      throw new TypeError(`${name}.${member} is not an option; there are ${known.join(', ')}`);
    }
  }
}

/** An abstract socket name: 1 to 107 bytes of UTF-8 without a zero byte. */
export function checkSocketName(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(name, 'a string', value);
  const bytes = Buffer.byteLength(value);
  if (bytes < 1 || bytes > MAX_NAME_BYTES) {
    throw new RangeError(
      `${name} must be 1 to ${MAX_NAME_BYTES} bytes of UTF-8, got ${bytes} bytes: ${describe(value)}`,
    );
  }
  if (value.includes('\0')) {
    throw new RangeError(`${name} must hold no zero character, got ${describe(value)}`);
  }
  if (toUSVString(value) !== value) {
    throw new RangeError(`${name} must hold no lone surrogate, got ${describe(value)}`);
  }
  return value;
}

const NOTHING = new Uint8Array(0);

/** Bytes that the addon may read now: a Uint8Array over memory of this thread alone. */
export function checkBytes(name: string, value: unknown): Uint8Array {
  // Not instanceof: a Proxy of one, and whatever has the prototype, would pass.
  if (!types.isUint8Array(value)) throw wrongType(name, 'a Uint8Array', value);
  if (value.buffer instanceof SharedArrayBuffer) {
    throw new TypeError(`${name} must not lie in a SharedArrayBuffer`);
  }
  if (value.byteLength === 0) checkAttached(name, value);
  return value;
}

// A view of a detached buffer, or of one that was resized away from under it, looks like an empty
// one, but nothing can be copied from it.
function checkAttached(name: string, value: Uint8Array): void {
  try {
    NOTHING.set(value);
  } catch {
    throw new TypeError(`${name} must not lie in a detached or shrunken ArrayBuffer`);
  }
}

/** The most parts of one message (`IOV_MAX`). */
export const MAX_PARTS = 1024;

/** One message as one Uint8Array or as an array of them (`struct iovec`). */
export function checkParts(name: string, value: unknown): readonly Uint8Array[] {
  if (!Array.isArray(value)) {
    if (types.isUint8Array(value)) return [checkBytes(name, value)];
    throw wrongType(name, 'a Uint8Array or an array of them', value);
  }
  if (value.length < 1 || value.length > MAX_PARTS) {
    throw new RangeError(`${name} must hold 1 to ${MAX_PARTS} parts, got ${value.length}`);
  }
  // An array of our own: what was checked is what is sent.
  return Array.from(value, (part, index) => checkBytes(`${name}[${index}]`, part));
}

const EMPTY = Buffer.alloc(0);
const BUFFER: unknown = Buffer.prototype;

/**
 * Whether it is a Buffer that is not empty: what a payload mostly is. It needs no further check. To ask a
 * view for its memory takes longer than all of this, and a Buffer is not asked: its length is fixed. Of
 * any other view a thread might make more while it is copied.
 */
export function isPlainBuffer(value: unknown): value is Buffer {
  return types.isUint8Array(value) && value.length > 0 && Object.getPrototypeOf(value) === BUFFER;
}

/**
 * A payload's bytes: a string is sent as UTF-8, `undefined` as nothing. They may lie in a
 * SharedArrayBuffer: what is handed to the addon has to be `unshared` before.
 */
export function checkPayload(name: string, value: unknown): Uint8Array {
  if (isPlainBuffer(value)) return value;
  return rarePayload(name, value);
}

function rarePayload(name: string, value: unknown): Uint8Array {
  if (value === undefined) return EMPTY;
  if (typeof value === 'string') return Buffer.from(value);
  if (!types.isUint8Array(value)) throw wrongType(name, 'a Uint8Array or a string', value);
  if (value.length === 0) checkAttached(name, value);
  return unshared(value);
}

/** Bytes that the addon may read: a copy of those that lie in a SharedArrayBuffer. */
export function unshared(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? Buffer.from(bytes) : bytes;
}

/** An AbortSignal or `undefined`. */
export function checkSignal(name: string, value: unknown): AbortSignal | undefined {
  if (value !== undefined && !(value instanceof AbortSignal)) {
    throw wrongType(name, 'an AbortSignal or undefined', value);
  }
  return value;
}

/** A {@link PollAdapter}, as far as its shape can tell. */
export function checkAdapter(name: string, value: unknown): PollAdapter {
  checkObject(name, value);
  const adapter = value as PollAdapter;
  checkFunction(`${name}.pollAcceptAdd`, adapter.pollAcceptAdd);
  checkFunction(`${name}.pollDispatchAdd`, adapter.pollDispatchAdd);
  checkFunction(`${name}.pollJobAdd`, adapter.pollJobAdd);
  return adapter;
}
