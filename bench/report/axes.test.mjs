import { describe, expect, it } from 'vitest';
import { logDomain, logScale, logTicks } from './axes.mjs';
import { dodge } from './dodge.mjs';

describe('a log scale', () => {
  it('has room around what it shows, also around a single value', () => {
    const [least, most] = logDomain([10, 1000]);
    expect(least).toBeLessThan(10);
    expect(most).toBeGreaterThan(1000);
    expect(logDomain([100])).toEqual([50, 200]);
  });

  it('has as many round numbers as there is room for, and no more', () => {
    expect(logTicks([150, 900], 8)).toEqual([200, 300, 500, 700]);
    expect(logTicks([1, 1000], 12)).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]);
    expect(logTicks([1, 1000], 8)).toEqual([1, 3, 10, 30, 100, 300, 1000]);
    expect(logTicks([1, 1000], 5)).toEqual([1, 10, 100, 1000]);
    expect(logTicks([1, 1e6], 4)).toEqual([1, 100, 1e4, 1e6]);
    expect(logTicks([0.002, 0.9], 3)).toEqual([0.01, 0.1]);
  });

  it('finds places and values', () => {
    const { placeOf, valueAt } = logScale([1, 100], 200);
    expect(placeOf(10)).toBeCloseTo(100);
    expect(valueAt(100)).toBeCloseTo(10);
  });
});

describe('labels beside each other', () => {
  it('stay where they want to be as long as none touches another', () => {
    expect(dodge([50, 10, 30], 14, 100)).toEqual([50, 10, 30]);
  });

  it('stand around the middle of what they wanted where they would touch', () => {
    expect(dodge([52, 50, 48], 10, 100)).toEqual([60, 50, 40]);
  });

  it('stay within their length', () => {
    expect(dodge([0, 1], 10, 100)).toEqual([5, 15]);
    expect(dodge([100, 99], 10, 100)).toEqual([95, 85]);
  });

  it('touch no other after they were pushed', () => {
    const places = dodge([1, 2, 3, 4, 40, 41, 90, 97, 99], 11, 100).sort((a, b) => a - b);
    for (const [index, place] of places.slice(1).entries()) {
      expect(place - places[index]).toBeGreaterThanOrEqual(11 - 1e-9);
    }
  });
});
