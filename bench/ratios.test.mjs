import { describe, expect, it } from 'vitest';
import { GOALS } from './goals.mjs';
import { outcomeOf, outcomesOf } from './ratios.mjs';

const row = (impl, placement, p50s, rest = {}) => ({
  case: 'syncCall',
  variant: null,
  impl,
  placement,
  rounds: p50s.map((p50Ns) => ({ p50Ns })),
  ...rest,
});

const { syncCallVsSpin } = GOALS;

describe('outcomeOf', () => {
  it('is the median of the ratios of each round, not the ratio of the medians', () => {
    const rows = [row('native', 'free', [200, 900, 300]), row('spin', 'free', [100, 600, 100])];
    expect(outcomeOf(syncCallVsSpin, rows)).toMatchObject({
      median: 2,
      min: 1.5,
      max: 3,
      of: 'native, free',
      to: 'spin, free',
      met: true,
    });
  });

  it('takes each side where it is best', () => {
    const rows = [
      row('native', 'free', [300]),
      row('native', 'split', [9000]),
      row('spin', 'free', [8e6]),
      row('spin', 'split', [100]),
    ];
    expect(outcomeOf(syncCallVsSpin, rows)).toMatchObject({
      median: 3,
      of: 'native, free',
      to: 'spin, split',
      met: false,
    });
  });

  it('says that nothing was measured, and does not guess', () => {
    const none = { median: null, min: null, max: null, met: null };
    expect(outcomeOf(syncCallVsSpin, [])).toMatchObject(none);
    expect(outcomeOf(syncCallVsSpin, [row('native', 'free', [1])])).toMatchObject(none);
    // Both on one CPU is another goal's.
    const elsewhere = [row('native', 'one', [1]), row('spin', 'free', [1])];
    expect(outcomeOf(syncCallVsSpin, elsewhere)).toMatchObject(none);
  });

  it('knows numbers that shall be large', () => {
    const rate = (placement, perSecond) => ({
      ...row('native', placement, []),
      case: 'dispatch',
      rounds: [{ perSecond }],
    });
    const rows = [rate('free', 4e6), rate('split', 6e6)];
    expect(outcomeOf(GOALS.dispatchPerSecond, rows)).toMatchObject({ median: 6e6, met: true });
    expect(outcomeOf(GOALS.dispatchPerSecond, rows.slice(0, 1))).toMatchObject({ met: false });
  });

  it('reads what only one case has', () => {
    const side = (cpuPercent, threads) => ({
      cpuPercent,
      cpuPercentWithout: 0.5,
      threads,
      anonymousBytesEach: 2000,
    });
    const more = { server: side(0.5, 10), client: side(0.75, 0) };
    const rows = [row('native', 'free', [], { case: 'idle1000', rounds: [{ more }] })];
    expect(outcomesOf(GOALS, rows, ['idle1000'])).toMatchObject({
      idleCpuPercent: { median: 0.25, met: false },
      idleThreads: { median: 10, met: false },
      idleHeapBytesEach: { median: 2000, met: false },
    });
  });
});

describe('outcomesOf', () => {
  it('is of the cases that were chosen', () => {
    const names = Object.keys(outcomesOf(GOALS, [], ['wake']));
    expect(names).toEqual(['wakeVsC', 'wakeVsCFree', 'wakeVsCOne']);
  });
});
