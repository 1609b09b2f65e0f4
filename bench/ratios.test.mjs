import { describe, expect, it } from 'vitest';
import { GOALS } from './goals.mjs';
import { outcomeOf, outcomesOf, ratiosOf } from './ratios.mjs';

const row = (impl, placement, p50s, rest = {}) => ({
  case: 'syncCall',
  variant: '64 B',
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
      variant: '64 B, handler',
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
    expect(outcomesOf(GOALS, rows)).toMatchObject({
      idleCpuPercent: { median: 0.25, met: false },
      idleThreads: { median: 10, met: false },
      idleHeapBytesEach: { median: 2000, met: false },
    });
  });
});

describe('the goals about others', () => {
  const rate = (impl, perSecond) => ({
    ...row(impl, 'free', []),
    case: 'dispatch',
    variant: '64 B, handler',
    rounds: [{ perSecond }],
  });

  it('say how many times faster ours is: their time over ours, our rate over theirs', () => {
    const rows = [row('native', 'free', [400]), row('uds', 'one', [20_000])];
    expect(outcomeOf(GOALS.syncCallVsUds, rows)).toMatchObject({ median: 50, met: true });
    const rates = [rate('native', 6e6), rate('zeromq', 5e5)];
    expect(outcomeOf(GOALS.dispatchVsZeromq, rates)).toMatchObject({ median: 12, met: false });
  });

  it('take the better of two ways, and of the payloads the small one', () => {
    const rows = [
      row('native', 'split', [100]),
      row('native', 'split', [1], { variant: '1 MiB' }),
      row('childJson', 'free', [9000]),
      row('childAdvanced', 'free', [8000]),
    ];
    expect(outcomeOf(GOALS.syncCallVsChildProcess, rows)).toMatchObject({
      median: 80,
      of: 'childAdvanced, free',
      to: 'native, split',
    });
  });

  it('compare on two CPUs where they say so', () => {
    const rows = [
      row('native', 'free', [1]),
      row('native', 'split', [100]),
      row('libqbShm', 'one', [1000]),
      row('libqbShm', 'split', [7000]),
    ];
    expect(outcomeOf(GOALS.syncCallVsLibqbSplit, rows)).toMatchObject({ median: 70 });
    expect(outcomeOf(GOALS.syncCallVsLibqb, rows)).toMatchObject({ median: 1000 });
  });

  it('are of the rounds that both sides have', () => {
    const rows = [row('native', 'free', [100, 100, 100]), row('uds', 'free', [1000, 3000])];
    expect(outcomeOf(GOALS.syncCallVsUds, rows)).toMatchObject({ median: 20, rounds: 2 });
    const other = [row('native', 'free', [100, 100]), row('spin', 'free', [100])];
    expect(outcomeOf(syncCallVsSpin, other)).toMatchObject({ median: 1, rounds: 1 });
  });
});

describe('ratiosOf', () => {
  it('are plain numbers, null where a side was not measured', () => {
    const rows = [row('native', 'free', [200]), row('spin', 'free', [100])];
    const ratios = ratiosOf(outcomesOf(GOALS, rows));
    expect(ratios).toMatchObject({ syncCallVsSpin: 2, wakeVsC: null, dispatchVsLibqb: null });
    expect(Object.keys(ratios)).toEqual(Object.keys(GOALS));
  });
});
