import { describe, expect, it } from 'vitest';
import { countFor } from './grow.mjs';

describe('countFor', () => {
  it('asks for more until that took long enough, and tells how many take the time', async () => {
    const asked = [];
    const receive = async (count) => {
      asked.push(count);
      return count / 100;
    };
    expect(await countFor(receive, 10, { warmMs: 0, ms: 20 })).toBe(2000);
    expect(asked).toEqual([10, 40, 160, 640]);
  });

  it('goes on until it is warm', async () => {
    const receive = async (count) => count / 100;
    expect(await countFor(receive, 10, { warmMs: 30, ms: 20 })).toBe(2000);
  });

  it('asks for one at least', async () => {
    expect(await countFor(async () => 1000, 1, { warmMs: 0, ms: 20 })).toBe(1);
  });
});
