// Answers as the core brings them: where their parts stand, and what becomes of a status.

import { CoroIpcError } from '../errors.js';
import { RESPONSE_HEADER_BYTES } from '../messages.js';
import { CS } from '../status.js';

/** Where the status stands in a response. */
export const STATUS_AT = 16;
/** What stands before each of several answers. */
export const ANSWER_HEAD_BYTES = 16;

/** Throws a status other than OK. 0 counts as OK: some services of C never set the field. */
export function checkStatus(id: number, status: number): void {
  if (status !== CS.OK && status !== 0) throw new CoroIpcError(status, `request ${id}`);
}

/** The payload of a whole response, if its status is OK. */
export function payloadOf(id: number, message: Buffer): Buffer {
  checkStatus(id, message.readInt32LE(STATUS_AT));
  return message.subarray(RESPONSE_HEADER_BYTES);
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
