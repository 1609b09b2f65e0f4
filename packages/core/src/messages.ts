// The two headers of the wire, and messages made of a header and a payload.
//
//   request              int32 size @0, int32 id @8                    16 bytes
//   response, dispatch   int32 size @0, int32 id @8, int32 error @16   24 bytes
//
// `size` covers header and payload. All fields are little endian, as are both platforms that
// there are binaries for, so the scratch headers below are written as native integers.

import { types } from 'node:util';
import { checkInteger, checkPayload, MAX_INT32, unshared } from './arguments.js';
import type { NativeMessage, NativeParts } from './native.js';
import {
  MESSAGE_INT,
  SCRATCH_MESSAGE,
  SCRATCH_SMALL,
  scratchBytes,
  scratchInts,
} from './scratch.js';

/** Bytes of a request's header. */
export const REQUEST_HEADER_BYTES = 16;

/** Bytes of the header of a response and of a dispatch message. */
export const RESPONSE_HEADER_BYTES = 24;

/** Where the id stands in a message. */
export const ID_AT = 8;

/** Where the status stands in a response. */
export const STATUS_AT = 16;

/** A payload: bytes, or a string that travels as UTF-8. */
export type Payload = Uint8Array | string;

/** A request's header. */
export interface RequestHeader {
  /** Bytes of header and payload. */
  readonly size: number;
  /** The command id. */
  readonly id: number;
}

/** The header of a response or a dispatch message. */
export interface ResponseHeader extends RequestHeader {
  /** The status the sender gave: `CS.OK` or an error. */
  readonly error: number;
}

const MIN_INT32 = -0x80000000;

/**
 * A whole request message, as {@link coroipcc.msgSendReplyReceive} sends it.
 *
 * @example encodeRequest(1, 'hello')
 */
export function encodeRequest(id: number, payload?: Payload): Buffer {
  checkInteger('id', id, MIN_INT32, MAX_INT32);
  const body = checkPayload('payload', payload);
  const message = Buffer.alloc(REQUEST_HEADER_BYTES + body.byteLength);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(id, 8);
  message.set(body, REQUEST_HEADER_BYTES);
  return message;
}

/**
 * A whole response or dispatch message, as {@link coroipcs.responseSend} and
 * {@link coroipcs.dispatchSend} send it.
 *
 * @example encodeResponse(1, CS.OK, 'hello')
 */
export function encodeResponse(id: number, error: number, payload?: Payload): Buffer {
  checkInteger('id', id, MIN_INT32, MAX_INT32);
  checkInteger('error', error, MIN_INT32, MAX_INT32);
  const body = checkPayload('payload', payload);
  const message = Buffer.alloc(RESPONSE_HEADER_BYTES + body.byteLength);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(id, 8);
  message.writeInt32LE(error, 16);
  message.set(body, RESPONSE_HEADER_BYTES);
  return message;
}

/** The header of a request message. */
export function decodeRequest(message: Uint8Array): RequestHeader {
  const bytes = headerOf([message], REQUEST_HEADER_BYTES, 'message');
  return { size: bytes.readInt32LE(0), id: bytes.readInt32LE(8) };
}

/** The header of a response or dispatch message. */
export function decodeResponse(message: Uint8Array): ResponseHeader {
  const bytes = headerOf([message], RESPONSE_HEADER_BYTES, 'message');
  return { size: bytes.readInt32LE(0), id: bytes.readInt32LE(8), error: bytes.readInt32LE(16) };
}

/** The bytes of all parts together. */
export function totalBytes(parts: NativeParts): number {
  let total = 0;
  for (const part of parts) total += part.byteLength;
  return total;
}

/** The `size` field of a message in parts, its header possibly split over several of them. */
export function declaredSize(parts: NativeParts, headerBytes: number, name: string): number {
  return headerOf(parts, headerBytes, name).readInt32LE(0);
}

function headerOf(parts: NativeParts, headerBytes: number, name: string): Buffer {
  const first = parts[0];
  if (!types.isUint8Array(first)) throw new TypeError(`${name} must be a Uint8Array`);
  if (first.byteLength >= headerBytes) {
    return Buffer.from(first.buffer, first.byteOffset, headerBytes);
  }
  const total = totalBytes(parts);
  if (total < headerBytes) {
    throw new RangeError(
      `${name} must hold a header of ${headerBytes} bytes at least, got ${total} bytes`,
    );
  }
  return Buffer.concat(parts, headerBytes);
}

// The request path makes no header object a message: a small message is made in the scratch, where
// the addon reads it; a larger one goes as its parts, and one header and one list of parts serve
// every such message of this thread. The addon has read all when it returns or calls back.

const EMPTY = new Uint8Array(0);
const requestFields = new Int32Array(REQUEST_HEADER_BYTES / 4);
const requestScratch: Uint8Array[] = [new Uint8Array(requestFields.buffer), EMPTY];
const responseFields = new Int32Array(RESPONSE_HEADER_BYTES / 4);
const responseScratch: Uint8Array[] = [new Uint8Array(responseFields.buffer), EMPTY];

/** A request; valid until the next use of the scratch. */
export function requestMessage(id: number, payload: Uint8Array): NativeMessage {
  const size = REQUEST_HEADER_BYTES + payload.byteLength;
  if (size <= SCRATCH_SMALL) {
    scratchInts[MESSAGE_INT] = size;
    scratchInts[MESSAGE_INT + 2] = id;
    scratchBytes.set(payload, SCRATCH_MESSAGE + REQUEST_HEADER_BYTES);
    return size;
  }
  requestFields[0] = size;
  requestFields[2] = id;
  requestScratch[1] = unshared(payload);
  return requestScratch;
}

/** A response or dispatch message; valid until the next use of the scratch. */
export function responseMessage(id: number, error: number, payload: Uint8Array): NativeMessage {
  const size = RESPONSE_HEADER_BYTES + payload.byteLength;
  if (size <= SCRATCH_SMALL) {
    scratchInts[MESSAGE_INT] = size;
    scratchInts[MESSAGE_INT + 2] = id;
    scratchInts[MESSAGE_INT + 4] = error;
    scratchInts[MESSAGE_INT + 5] = 0;
    scratchBytes.set(payload, SCRATCH_MESSAGE + RESPONSE_HEADER_BYTES);
    return size;
  }
  responseFields[0] = size;
  responseFields[2] = id;
  responseFields[4] = error;
  responseScratch[1] = unshared(payload);
  return responseScratch;
}

/** A response or dispatch message without a payload. */
export function headerOnly(id: number, error: number): NativeMessage {
  return responseMessage(id, error, EMPTY);
}

/** Lets go of the last payload, so that a large one is not kept alive by the list of parts. */
export function releaseMessage(message: NativeMessage): void {
  if (message === requestScratch) requestScratch[1] = EMPTY;
  else if (message === responseScratch) responseScratch[1] = EMPTY;
}
