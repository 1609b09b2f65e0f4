import { describe, expect, it } from 'vitest';
import {
  declaredSize,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  headerOnly,
  REQUEST_HEADER_BYTES,
  releaseMessage,
  requestMessage,
  responseMessage,
} from './messages.js';
import type { NativeMessage } from './native.js';
import { SCRATCH_MESSAGE, SCRATCH_SMALL, scratchBytes } from './scratch.js';
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

describe('a message for the addon', () => {
  // As the core reads it: so many bytes of the scratch, or parts.
  const sent = (message: NativeMessage) =>
    typeof message === 'number'
      ? Buffer.from(scratchBytes.subarray(SCRATCH_MESSAGE, SCRATCH_MESSAGE + message))
      : Buffer.concat(message);
  const SIZES = [0, 1, SCRATCH_SMALL - 24, SCRATCH_SMALL - 16, SCRATCH_SMALL, 100_000];

  it.each(SIZES)('has the same bytes as a whole one, with a payload of %i', (bytes) => {
    const payload = Buffer.alloc(bytes, 'payload');
    expect(sent(requestMessage(7, payload)).equals(encodeRequest(7, payload))).toBe(true);
    expect(sent(responseMessage(-7, 6, payload)).equals(encodeResponse(-7, 6, payload))).toBe(true);
    expect(sent(headerOnly(9, 2)).equals(encodeResponse(9, 2))).toBe(true);
  });

  it('tells nothing of the one before it', () => {
    requestMessage(7, Buffer.alloc(100, 'secret'));
    expect(sent(responseMessage(7, 6, Buffer.from('x'))).equals(encodeResponse(7, 6, 'x'))).toBe(
      true,
    );
  });

  it('crosses alone when it is small, and is let go of when it is large', () => {
    expect(requestMessage(7, Buffer.alloc(SCRATCH_SMALL - 16))).toBe(SCRATCH_SMALL);
    expect(responseMessage(7, 1, Buffer.alloc(SCRATCH_SMALL - 24))).toBe(SCRATCH_SMALL);
    const large = Buffer.alloc(SCRATCH_SMALL);
    for (const message of [requestMessage(7, large), responseMessage(7, 1, large)]) {
      expect(message).toMatchObject([expect.any(Uint8Array), large]);
      releaseMessage(message);
      expect(message).toMatchObject([expect.any(Uint8Array), { length: 0 }]);
    }
  });
});
