// The options that both client APIs connect with, checked and completed for the addon.

import { checkId, checkInteger, checkSocketName, describe } from '../arguments.js';
import type { NativeClientOptions } from '../native.js';

/** A generation of the classic wire: 1.2 (corosync 1.2.0 to 1.2.5) or 1.4 (1.3.1 to 1.4.10). */
export type Generation = '1.2' | '1.4' | 1.2 | 1.4;

/** Bytes of each buffer when none are asked for: what corosync's own clients use. */
export const DEFAULT_BUFFER_BYTES: number = 1024 * 1024;
/** The largest buffer that can be asked for; a server may allow less. */
export const MAX_BUFFER_BYTES: number = 1024 * 1024 * 1024;
/** Time for the handshake, in milliseconds. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 5000;
/** How long a blocking wait spins before it sleeps, in microseconds. */
export const DEFAULT_SPIN_US = 50;
const MAX_SPIN_US = 1_000_000;
const PAGE_BYTES = 4096;

/** What is to be checked: any of it may be of any kind. */
export interface ConnectRequest {
  readonly name: unknown;
  readonly service: unknown;
  readonly requestBytes: unknown;
  readonly responseBytes: unknown;
  readonly dispatchBytes: unknown;
  readonly generation: unknown;
  readonly spinUs: unknown;
}

/** The addon's options; `prefix` stands before the names in error messages. */
export function connectOptions(request: ConnectRequest, prefix: string): NativeClientOptions {
  const bytes = (name: 'requestBytes' | 'responseBytes' | 'dispatchBytes') =>
    wholePages(checkInteger(prefix + name, request[name], 1, MAX_BUFFER_BYTES));
  return {
    name: checkSocketName(`${prefix}name`, request.name),
    service: checkId(`${prefix}service`, request.service),
    requestBytes: bytes('requestBytes'),
    responseBytes: bytes('responseBytes'),
    dispatchBytes: bytes('dispatchBytes'),
    generation: generationNumber(`${prefix}generation`, request.generation ?? '1.2'),
    spinUs: checkInteger(`${prefix}spinUs`, request.spinUs ?? DEFAULT_SPIN_US, 0, MAX_SPIN_US),
  };
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
