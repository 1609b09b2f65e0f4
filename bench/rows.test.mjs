import { describe, expect, it } from 'vitest';
import { Rows, summaryOf } from './rows.mjs';

const measurement = (rest = {}) => ({
  case: { name: 'syncCall' },
  variant: null,
  impl: { name: 'native' },
  placement: 'free',
  payload: 64,
  ...rest,
});

const rowsOf = (measured, ...results) => {
  const rows = new Rows();
  for (const result of results) rows.add(measured, result);
  return rows.list().map(summaryOf);
};

describe('rows', () => {
  it('tell the medians of the rounds, and null where nothing was measured', () => {
    const [row] = rowsOf(measurement(), { p50Ns: 5 }, { p50Ns: 1 }, { p50Ns: 2 });
    expect(row).toEqual({
      case: 'syncCall',
      variant: null,
      impl: 'native',
      placement: 'free',
      payload: 64,
      p50Ns: 2,
      p90Ns: null,
      p99Ns: null,
      p999Ns: null,
      maxNs: null,
      perSecond: null,
      cpuNsPerOp: null,
      rounds: 3,
      spread: { p50Ns: { median: 2, min: 1, max: 5 } },
      more: null,
    });
  });

  it('tell no number that makes no sense for the case', () => {
    const paced = measurement({ case: { name: 'wake', senseless: ['perSecond'] } });
    expect(rowsOf(paced, { p50Ns: 5, perSecond: 1800 })[0]).toMatchObject({
      p50Ns: 5,
      perSecond: null,
    });
  });

  it('are one for each variant that a measurement names', () => {
    const both = [
      { variant: 'alone', p50Ns: 1 },
      { variant: 'among', p50Ns: 2 },
    ];
    const rows = rowsOf(measurement(), both, both);
    expect(rows.map(({ variant, rounds }) => [variant, rounds])).toEqual([
      ['alone', 2],
      ['among', 2],
    ]);
  });

  it('are none of what could not be done', () => {
    expect(rowsOf(measurement(), [], [])).toEqual([]);
  });

  it('tell the medians of what one case alone has', () => {
    const rounds = [1, 3, 2].map((threads) => ({ more: { server: { threads } } }));
    expect(rowsOf(measurement(), ...rounds)[0].more).toEqual({ server: { threads: 2 } });
  });
});
