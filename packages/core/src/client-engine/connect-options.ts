// The options that both client APIs connect with, checked and completed for the addon.

import { checkId, checkInteger, checkSocketName, describe } from '../arguments.js';
import { RESPONSE_HEADER_BYTES } from '../messages.js';
import type { NativeClientOptions } from '../native.js';
import { checkWire } from '../wires.js';

/** A generation of the classic wire: 1.2 (corosync 1.2.0 to 1.2.5) or 1.4 (1.3.1 to 1.4.10). */
export type Generation = '1.2' | '1.4' | 1.2 | 1.4;

/** Bytes of each ring or buffer when none are asked for: what corosync's own clients use. */
export const DEFAULT_BUFFER_BYTES: number = 1024 * 1024;
/** What the largest message of a ring of the native wire has around it. */
const AROUND_LARGEST_BYTES = 24;
/** Requests in flight on the native wire when nothing else is asked for, and the most. */
const DEFAULT_IN_FLIGHT = 256;
const MAX_IN_FLIGHT = 65_536;
/** The largest buffer that can be asked for; a server may allow less. */
export const MAX_BUFFER_BYTES: number = 1024 * 1024 * 1024;
/** Time for the handshake, in milliseconds. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 5000;
/**
 * The longest that a wait for an answer spins before it sleeps, in microseconds: a server that has to be woken
 * up has answered by then even where that takes long, as it does on virtual machines.
 */
export const DEFAULT_SPIN_US = 200;
const MAX_SPIN_US = 1_000_000;
/** Zero-copy buffers of the server's that a client takes, and bytes of one. */
const DEFAULT_ZERO_COPY_BUFFERS = 16;
const MAX_ZERO_COPY_BUFFERS = 64;
const DEFAULT_MAX_BUFFER_BYTES = 64 * 1024 * 1024;
const MAX_UID = 0xffffffff;
/** The native wire, in the place of a generation. */
const NATIVE = 0;
const PAGE_BYTES = 4096;

/** What is to be checked: any of it may be of any kind. */
export interface ConnectRequest {
  readonly name: unknown;
  readonly service: unknown;
  readonly requestBytes: unknown;
  readonly responseBytes: unknown;
  readonly dispatchBytes: unknown;
  readonly wire: unknown;
  readonly generation: unknown;
  readonly maxInFlight: unknown;
  readonly serverUid: unknown;
  readonly maxZeroCopyBuffers: unknown;
  readonly maxBufferBytes: unknown;
  readonly spinUs: unknown;
}

/** The addon's options; `prefix` stands before the names in error messages. */
export function connectOptions(request: ConnectRequest, prefix: string): NativeClientOptions {
  const generation = generationOf(request, prefix);
  const bytes = (name: 'requestBytes' | 'responseBytes' | 'dispatchBytes') =>
    request[name] === undefined
      ? defaultBytes(generation, name)
      : sized(generation, checkInteger(prefix + name, request[name], 1, MAX_BUFFER_BYTES));
  const { maxInFlight = DEFAULT_IN_FLIGHT, serverUid, spinUs = DEFAULT_SPIN_US } = request;
  const limit = (
    name: 'maxZeroCopyBuffers' | 'maxBufferBytes',
    otherwise: number,
    least: number,
    most: number,
  ) =>
    request[name] === undefined
      ? otherwise
      : checkInteger(prefix + name, request[name], least, most);
  return {
    name: checkSocketName(`${prefix}name`, request.name),
    service: checkId(`${prefix}service`, request.service),
    requestBytes: bytes('requestBytes'),
    responseBytes: bytes('responseBytes'),
    dispatchBytes: bytes('dispatchBytes'),
    generation,
    maxInFlight: checkInteger(`${prefix}maxInFlight`, maxInFlight, 1, MAX_IN_FLIGHT),
    serverUid:
      serverUid === undefined ? -1 : checkInteger(`${prefix}serverUid`, serverUid, 0, MAX_UID),
    maxZeroCopyBuffers: limit(
      'maxZeroCopyBuffers',
      DEFAULT_ZERO_COPY_BUFFERS,
      0,
      MAX_ZERO_COPY_BUFFERS,
    ),
    maxBufferBytes: limit('maxBufferBytes', DEFAULT_MAX_BUFFER_BYTES, PAGE_BYTES, MAX_BUFFER_BYTES),
    spinUs: checkInteger(`${prefix}spinUs`, spinUs, 0, MAX_SPIN_US),
  };
}

// A generation is one of the classic wire.
function generationOf({ wire, generation }: ConnectRequest, prefix: string): number {
  const chosen = wire === undefined ? undefined : checkWire(`${prefix}wire`, wire);
  if (generation !== undefined) {
    const number = generationNumber(`${prefix}generation`, generation);
    if (chosen !== 'native') return number;
    throw new RangeError(
      `${prefix}generation is one of the classic wire, and ${prefix}wire is 'native'`,
    );
  }
  return chosen === 'classic' ? generationNumber('', '1.2') : NATIVE;
}

function sized(generation: number, bytes: number): number {
  if (generation !== NATIVE) return wholePages(bytes);
  // The core adds what messages have around them there, and a request has a header at least.
  return Math.max(bytes, RESPONSE_HEADER_BYTES);
}

// The whole ring, on the native wire, is as large as the others' buffer.
function defaultBytes(generation: number, name: string): number {
  return generation === NATIVE && name !== 'dispatchBytes'
    ? DEFAULT_BUFFER_BYTES - AROUND_LARGEST_BYTES
    : DEFAULT_BUFFER_BYTES;
}

// Where pages are larger, the core rounds the ring up further.
function wholePages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

/** 12 or 14. */
export function generationNumber(name: string, value: unknown): number {
  if (value === '1.2' || value === 1.2) return 12;
  if (value === '1.4' || value === 1.4) return 14;
  const message = `${name} must be '1.2' or '1.4', got ${describe(value)}`;
  if (typeof value === 'string' || typeof value === 'number') throw new RangeError(message);
  throw new TypeError(message);
}
