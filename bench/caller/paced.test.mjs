import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { paced } from './paced.mjs';
import { times, timesOf } from './times.mjs';

describe('paced', () => {
  it('sends as many calls as are due, each after its moment has come', async () => {
    const start = performance.now();
    const sentAt = [];
    const call = async () => sentAt.push(performance.now() - start);
    expect(await paced(call, 200, 300)).toEqual({ due: 60, answered: 60 });
    // The first is due after one gap.
    for (const [index, at] of sentAt.entries()) expect(at).toBeGreaterThanOrEqual(5 * (index + 1));
  });

  it('counts the wait of calls that were sent late because the caller was held up', async () => {
    let calls = 0;
    const call = async () => {
      calls += 1;
      if (calls !== 1) return;
      const end = performance.now() + 20;
      while (performance.now() < end);
    };
    await paced(call, 1000, 10);
    // The second was due a millisecond after the first, and sent 20 after it.
    expect(times[1]).toBeGreaterThanOrEqual(18);
    expect(timesOf(10).p90Ns).toBeGreaterThanOrEqual(18e6);
  });

  it('stops in time, and counts what has no answer with the time it has waited', async () => {
    const call = () => sleep(300);
    expect(await paced(call, 1000, 20)).toEqual({ due: 20, answered: 0 });
    // Due after 1 ms, given up after 40 more.
    expect(times[0]).toBeGreaterThanOrEqual(39);
    expect(times[19]).toBeGreaterThanOrEqual(20);
  });

  it('passes on how a call failed', async () => {
    const call = () => Promise.reject(new Error('broken'));
    await expect(paced(call, 1000, 5)).rejects.toThrow('broken');
  });
});
