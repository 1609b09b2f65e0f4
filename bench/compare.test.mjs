import { describe, expect, it } from 'vitest';
import { comparison, comparisonText, movement } from './compare.mjs';

const numbers = (...rounds) => {
  const sorted = [...rounds].sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1], min: sorted[0], max: sorted.at(-1) };
};

const row = (impl, spread, rounds = 5) => ({
  case: 'syncCall',
  variant: '64 B',
  impl,
  placement: 'split',
  rounds,
  spread,
});

const machine = { cpu: 'it', processors: 2, arch: 'x64', kernel: '6', node: 'v20' };
const run = (rows, goals = {}) => ({ machine, rows, goals });
const told = (before, after) => comparisonText(comparison(before, after));

describe('movement', () => {
  it('is none where the rounds of both runs overlap, however far the medians are apart', () => {
    expect(movement(numbers(100, 110, 500), numbers(120, 480, 490))).toBeUndefined();
    expect(movement(numbers(100, 101, 102), numbers(100, 101, 102))).toBeUndefined();
  });

  it('is none where they differ by what any two runs differ by', () => {
    expect(movement(numbers(100, 100, 100), numbers(103, 103, 103))).toBeUndefined();
  });

  it('says which way and by how much; a time is better when it is less, a rate when it is more', () => {
    const [few, many] = [numbers(99, 100, 101), numbers(190, 200, 210)];
    expect(movement(few, many)).toEqual({ better: false, times: 2 });
    expect(movement(many, few)).toEqual({ better: true, times: 2 });
    expect(movement(few, many, true)).toEqual({ better: true, times: 2 });
    expect(movement(many, few, true)).toEqual({ better: false, times: 2 });
  });
});

describe('the comparison', () => {
  it('names what moved, and counts the rest', () => {
    const before = run([
      row('native', { p50Ns: numbers(300, 310, 320), perSecond: numbers(3e6, 3e6, 3e6) }),
      row('uds', { p50Ns: numbers(20_000, 21_000, 30_000) }),
      row('spin', { p50Ns: numbers(1, 1, 1) }),
    ]);
    const after = run([
      row('native', { p50Ns: numbers(600, 620, 640), perSecond: numbers(1e6, 1e6, 1e6) }),
      row('uds', { p50Ns: numbers(20_000, 22_000, 29_000) }),
      row('zeromq', { p50Ns: numbers(1, 1, 1) }),
    ]);
    const text = told(before, after);
    expect(text).toContain('2 rows compared: 2 numbers moved');
    expect(text).toContain('0 better, 2 worse');
    expect(text).toContain('2 rows in one run only: 1 before, 1 now');
    expect(text).toMatch(/64 B +native +split +p50 +0.31 us +0.62 us +2.00 +worse/);
    expect(text).toMatch(/native +split +a second +3,000,000 +1,000,000 +3.00 +worse/);
    expect(text).not.toContain('uds');
  });

  it('judges nothing by a round or two', () => {
    const before = run([row('native', { p50Ns: numbers(300) }, 1)]);
    const after = run([row('native', { p50Ns: numbers(600) }, 5)]);
    expect(told(before, after)).toContain('0 rows compared: 0 numbers moved');
    expect(told(before, after)).toContain('1 row of fewer than 3 rounds not judged');
  });

  it('tells of ratios by what they shall be', () => {
    const goal = (median, bound) => ({ ...numbers(median, median, median), rounds: 5, ...bound });
    const before = run([], { a: goal(1.5, { most: 2 }), b: goal(20, { least: 10 }) });
    const after = run([], { a: goal(3, { most: 2 }), b: goal(40, { least: 10 }) });
    expect(told(before, after)).toMatch(/a +ratio +1.50 +3.00 +2.00 +worse/);
    expect(told(before, after)).toMatch(/b +ratio +20.0 +40.0 +2.00 +better/);
    const none = run([], { a: { median: null, min: null, max: null, most: 2 } });
    expect(told(none, after)).toContain('0 numbers moved');
  });

  it('warns of another machine', () => {
    const other = { ...run([]), machine: { ...machine, node: 'v24' } };
    expect(told(run([]), other)).toContain('node: v20 before, v24 now');
    expect(told(run([]), run([]))).not.toContain('same machine');
  });
});
