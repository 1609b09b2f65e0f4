// Answers as the core brings them: where their parts stand, and what becomes of a status.

import {
  arrived,
  arrivedAt,
  arrivedDouble,
  arrivedInt,
  moveArrived,
  type TakeAnswer,
} from '../arrivals.js';
import { CoroIpcError } from '../errors.js';
import { RESPONSE_HEADER_BYTES, STATUS_AT } from '../messages.js';
import { CS } from '../status.js';

/** What stands before each of several answers. */
const ANSWER_HEAD_BYTES = 16;

/** Gives the answers that have arrived to `take`. */
export function takeArrived(count: number, take: TakeAnswer): void {
  let offset = arrivedAt();
  for (let left = count; left > 0; left -= 1) {
    const size = arrivedInt(offset + 8);
    const begin = offset + ANSWER_HEAD_BYTES;
    take(
      arrivedDouble(offset),
      arrivedInt(begin + STATUS_AT),
      arrived(begin + RESPONSE_HEADER_BYTES, size - RESPONSE_HEADER_BYTES),
    );
    offset = (begin + size + 7) & ~7;
  }
}

/** Throws a status other than OK. 0 counts as OK: some services of C never set the field. */
export function checkStatus(id: number, status: number): void {
  if (status !== CS.OK && status !== 0)
    throw new CoroIpcError(status, `the answer to request ${id}`);
}

/** The payload of a whole response, if its status is OK. */
export function payloadOf(id: number, message: Buffer): Buffer {
  checkStatus(id, message.readInt32LE(STATUS_AT));
  return message.subarray(RESPONSE_HEADER_BYTES);
}

/** The payload of a response of `size` bytes that has arrived, if its status is OK. */
export function payloadAt(id: number, offset: number, size: number): Buffer {
  checkStatus(id, arrivedInt(offset + STATUS_AT));
  return arrived(offset + RESPONSE_HEADER_BYTES, size - RESPONSE_HEADER_BYTES);
}

/** `payloadAt` in `into`: how many bytes it has. Throws TOO_BIG as `checkFits`. */
export function payloadInto(id: number, offset: number, size: number, into: Uint8Array): number {
  const status = arrivedInt(offset + STATUS_AT);
  const bytes = size - RESPONSE_HEADER_BYTES;
  moveArrived(offset, offset + RESPONSE_HEADER_BYTES, bytes, into);
  checkStatus(id, status);
  return checkFits(id, bytes, into);
}

/** How many bytes a payload has; throws TOO_BIG when `into` has no room for all. */
export function checkFits(id: number, bytes: number, into: Uint8Array): number {
  if (bytes <= into.length) return bytes;
  const room = `into has ${into.length}`;
  throw new CoroIpcError(CS.ERR_TOO_BIG, `the answer to request ${id} has ${bytes} bytes, ${room}`);
}

/** A call's time is over. */
export function timeOver(timeoutMs: number): CoroIpcError {
  return new CoroIpcError(CS.ERR_TIMEOUT, `no answer within ${timeoutMs} ms`);
}

/** The size of an answer as the core says it; throws when there is none. */
export function answered(size: number, timeoutMs: number): number {
  if (size > 0) return size;
  if (size === 0) throw timeOver(timeoutMs);
  throw new CoroIpcError(CS.ERR_BUSY, 'a request is outstanding already');
}
