import { describe, expect, it } from 'vitest';
import { decodeTick, encodeTick } from './protocol.mjs';

const tick = (cores) => ({
  sequence: 0xffff_ffff,
  atNs: 2n ** 62n,
  totalBytes: 2 ** 45 + 1,
  availableBytes: 7,
  cores: Array.from({ length: cores }, (_, core) => ({ busy: core, total: 2 ** 40 + core })),
});

describe('a tick', () => {
  it.each([0, 1, 2, 256])('of %d cores comes back as it was', (cores) => {
    expect(decodeTick(encodeTick(tick(cores)))).toEqual(tick(cores));
  });

  it('reuses a buffer of the right size only', () => {
    const buffer = encodeTick(tick(2));
    expect(encodeTick(tick(2), buffer)).toBe(buffer);
    expect(encodeTick(tick(3), buffer)).not.toBe(buffer);
  });

  it('is refused when its size is not the one it claims', () => {
    const buffer = encodeTick(tick(2));
    expect(() => decodeTick(buffer.subarray(0, buffer.length - 1))).toThrow('a tick of 2 cores');
    expect(() => decodeTick(Buffer.alloc(8))).toThrow('does not have 8 bytes');
  });
});
