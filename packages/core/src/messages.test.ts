import { describe, expect, it } from 'vitest';
import {
  declaredSize,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  headerOnly,
  REQUEST_HEADER_BYTES,
  releaseParts,
  requestParts,
  responseParts,
} from './messages.js';
import { CS } from './status.js';

describe('whole messages', () => {
  it('lay a request out as the wire has it', () => {
    const message = encodeRequest(0x01020304, 'ab');
    expect([...message]).toEqual([18, 0, 0, 0, 0, 0, 0, 0, 4, 3, 2, 1, 0, 0, 0, 0, 97, 98]);
    expect(decodeRequest(message)).toEqual({ size: 18, id: 0x01020304 });
  });

  it('lay a response out as the wire has it', () => {
    const message = encodeResponse(-1, CS.ERR_SECURITY);
    expect(message).toHaveLength(24);
    expect(message.readInt32LE(16)).toBe(100);
    expect(decodeResponse(message)).toEqual({ size: 24, id: -1, error: 100 });
  });

  it('are refused when they are shorter than their header', () => {
    expect(() => decodeRequest(Buffer.alloc(15))).toThrow(RangeError);
    expect(() => decodeResponse(Buffer.alloc(23))).toThrow('a header of 24 bytes at least');
    expect(() => decodeRequest(undefined as never)).toThrow(TypeError);
  });
});

describe('declaredSize', () => {
  it('reads a header that is split over parts', () => {
    const message = encodeRequest(1, 'payload');
    const parts = [message.subarray(0, 2), message.subarray(2, 3), message.subarray(3)];
    expect(declaredSize(parts, REQUEST_HEADER_BYTES, 'iov')).toBe(message.length);
  });
});

describe('parts from the scratch', () => {
  const joined = (parts: readonly Uint8Array[]) => Buffer.concat(parts);

  it('join to the same bytes as whole messages', () => {
    expect(joined(requestParts(7, Buffer.from('x')))).toEqual(encodeRequest(7, 'x'));
    expect(joined(responseParts(7, 6, Buffer.from('xy')))).toEqual(encodeResponse(7, 6, 'xy'));
    expect(joined(headerOnly(9, 2))).toEqual(encodeResponse(9, 2));
  });

  it('let go of the payload', () => {
    const parts = requestParts(7, Buffer.from('large'));
    releaseParts();
    expect(parts[1]).toHaveLength(0);
  });
});
