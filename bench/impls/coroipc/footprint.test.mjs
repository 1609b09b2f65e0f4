import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesOf } from './footprint.mjs';

describe('bytesOf', () => {
  it('gives bytes of the field of that whole name', () => {
    const text = '55-7f ---p 00 00:00 0    [rollup]\nPss_Anon:   7 kB\nRss:       12 kB\n';
    expect(bytesOf(text, 'Rss')).toBe(12_288);
    expect(() => bytesOf(text, 'Anon')).toThrow('there is no Anon');
  });

  it('reads this machine', () => {
    const text = readFileSync('/proc/self/smaps_rollup', 'utf8');
    expect(bytesOf(text, 'Rss')).toBeGreaterThan(bytesOf(text, 'Anonymous'));
  });
});
