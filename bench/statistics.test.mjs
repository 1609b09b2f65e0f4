import { describe, expect, it } from 'vitest';
import { percentilesNs, spread } from './statistics.mjs';

describe('percentilesNs', () => {
  it('tells milliseconds in nanoseconds, whatever their order', () => {
    const times = Float64Array.from({ length: 100 }, (_, index) => (100 - index) / 1000);
    expect(percentilesNs(times)).toEqual({ p50Ns: 51_000, p90Ns: 91_000, p99Ns: 100_000 });
  });

  it('sorts by value and not by text', () => {
    expect(percentilesNs(Float64Array.of(10, 9, 100)).p50Ns).toBe(10_000_000);
  });

  it('is content with one time, and refuses none', () => {
    expect(percentilesNs(Float64Array.of(0.001))).toEqual({
      p50Ns: 1000,
      p90Ns: 1000,
      p99Ns: 1000,
    });
    expect(() => percentilesNs(new Float64Array(0))).toThrow('no times');
  });
});

describe('spread', () => {
  it('takes the middle of an odd number, and the mean of the two in the middle of an even one', () => {
    expect(spread([30, 1, 2])).toEqual({ median: 2, min: 1, max: 30 });
    expect(spread([4, 1, 2, 100])).toEqual({ median: 3, min: 1, max: 100 });
  });

  it('leaves the rounds in their order', () => {
    const rounds = [3, 1, 2];
    spread(rounds);
    expect(rounds).toEqual([3, 1, 2]);
  });

  it('refuses no rounds', () => {
    expect(() => spread([])).toThrow('no rounds');
  });
});
