// Where things lie in the rings of the native wire, in 32-bit words. `native/wire/native/memory.h` has
// the same layouts; docs/native-wire.md those that both sides share.
//
// Numbers have 64 bits. Here only the low halves are read and written: where a high half would
// change, the core does what is to be done.

import { RESPONSE_HEADER_BYTES } from '../messages.js';

/** Bytes of a record's header: bytes, kind, sequence number (8). */
export const RECORD_HEADER_BYTES = 16;
/** Records begin at multiples of so many bytes, and so many lie behind the last: 0, for there is no next. */
export const RECORD_ALIGNMENT = 8;
/** The kind of a record that holds a message, and no more. */
export const KIND_MESSAGE = 0;

/** Requests that a server serves at the most before it enters the core again, which looks at the clock. */
export const REQUESTS_BETWEEN_CORE = 7;

/** Larger messages go through the core, which copies faster than JavaScript can, word by word. */
export const MOST_BYTES_READ = 512;
/** Larger ones than this, too: those with a payload of more than 4 KiB. */
export const MOST_BYTES_WRITTEN: number = 4096 + RESPONSE_HEADER_BYTES;

/**
 * How often to look for a message before the core waits for it, awake or not: some 2 µs, within which a
 * peer that is awake has answered.
 */
export const LOOKS = 150;

/** The control words of a client's memory. */
export const CLIENT_WORDS = { responseHead: 0, sleep: 32 } as const;
/** Those of a server's. */
export const SERVER_WORDS = {
  requestHead: 0,
  sleep: 16,
  backlog: 32,
} as const;

/** Of a sleep word: what a side sleeps for. */
export const WANTS_CALLS = 1;
export const WANTS_DISPATCHES = 2;
export const WANTS_ROOM = 4;

/** Where a producer stands, from its place in a ledger on: its tail, the peer's head, what was refused. */
export const PRODUCER = { tail: 0, head: 2, refused: 4 } as const;
/** Where a consumer stands: its head. */
export const CONSUMER = { head: 0 } as const;

/**
 * What a client's end and JavaScript both know. `untold` says that a peer who fell asleep just when
 * something was published may not know of it: the core then looks again, behind a fence. `spins` says that
 * the peer has a CPU of its own, so that it makes sense to look more than once.
 */
export const CLIENT_LEDGER = {
  requests: 0,
  responses: 6,
  sent: 8,
  noted: 10,
  inFlight: 12,
  over: 13,
  rung: 14,
  untold: 15,
  spins: 16,
} as const;

/** The same of a server's. */
export const SERVER_LEDGER = {
  requests: 0,
  responses: 2,
  dispatches: 8,
  received: 14,
  noted: 16,
  dispatched: 18,
  inFlight: 20,
  rung: 21,
  may: 22,
  current: 23,
  taken: 24,
  responded: 25,
  sent: 26,
  untold: 27,
  spins: 28,
  due: 29,
} as const;

/** What a server's `may` says. */
export const MAY_TAKE = 1;
export const MAY_DISPATCH = 2;

const HIGH = 2 ** 32;

/** A number of 64 bits, as far as a double has it. */
export function wholeNumber(words: Int32Array, at: number): number {
  const low = words[at] as number;
  const high = words[at + 1] as number;
  // Mostly a small integer, which V8 keeps without an object.
  return high === 0 && low >= 0 ? low : high * HIGH + (low >>> 0);
}
