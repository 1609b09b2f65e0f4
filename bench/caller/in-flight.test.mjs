import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { keepInFlight, lanesOf } from './in-flight.mjs';

describe('keepInFlight', () => {
  it('keeps as many in flight, counts all, and waits for the last', async () => {
    let now = 0;
    let most = 0;
    let calls = 0;
    const call = async () => {
      calls += 1;
      now += 1;
      most = Math.max(most, now);
      await turn();
      now -= 1;
    };
    const { count, timed } = await keepInFlight(lanesOf(call, 4), 10);
    expect([most, now, count]).toEqual([4, 0, calls]);
    expect(timed).toBeGreaterThan(0);
    expect(timed).toBeLessThan(count);
  });

  it('is one call after the other with one lane', async () => {
    const { count, timed } = await keepInFlight([turn], 5);
    expect(timed).toBe(count);
  });
});
