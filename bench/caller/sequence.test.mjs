import { describe, expect, it } from 'vitest';
import { awaitFor, awaitRested, callFor, callRested } from './sequence.mjs';
import { times } from './times.mjs';

const busy = (ms) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

describe('calls one after the other', () => {
  it('are timed each, whether they block or promise', async () => {
    for (const count of [callFor(() => busy(2), 9), await awaitFor(async () => busy(2), 9)]) {
      expect(count).toBeGreaterThan(0);
      expect(Math.min(...times.subarray(0, count))).toBeGreaterThanOrEqual(2);
    }
  });

  it('begin after a rest that is in no time', async () => {
    for (const rested of [callRested, awaitRested]) {
      const start = performance.now();
      const count = await rested(() => {}, 100, 20_000);
      expect(performance.now() - start).toBeGreaterThanOrEqual(count * 20);
      // The shortest: any of them may be held up by the machine.
      expect(Math.min(...times.subarray(0, count))).toBeLessThan(20);
    }
  });
});
