import { describe, expect, it } from 'vitest';
import { percentilesNs, spread } from './statistics.mjs';

describe('percentilesNs', () => {
  it('tells milliseconds in nanoseconds, whatever their order', () => {
    const times = Float64Array.from({ length: 1000 }, (_, index) => (1000 - index) / 1000);
    const told = percentilesNs(times);
    // Three digits count.
    const near = { p50Ns: 500e3, p90Ns: 900e3, p99Ns: 990e3, p999Ns: 999e3 };
    for (const [name, ns] of Object.entries(near)) {
      expect(Math.abs(told[name] / ns - 1)).toBeLessThan(0.001);
    }
    expect(told.maxNs).toBe(1_000_000);
  });

  it('tells short times exactly, and nothing longer than the longest', () => {
    const times = Float64Array.of(0.000_12, 0.000_13, 0.000_14, 12.345_678);
    expect(percentilesNs(times)).toMatchObject({ p50Ns: 130, p999Ns: 12_345_678 });
  });

  it('remembers nothing of the times before', () => {
    percentilesNs(Float64Array.of(100, 100, 100));
    expect(percentilesNs(Float64Array.of(0.001)).maxNs).toBe(1000);
  });

  it('is content with a time of nothing, and refuses no times', () => {
    expect(percentilesNs(Float64Array.of(0, 0.001)).p50Ns).toBe(1);
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
