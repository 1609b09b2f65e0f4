import { describe, expect, it } from 'vitest';
import { atBestPlacement, countOf, formOf, payloadOf, roundsTold, rowsOf } from './choose.mjs';

describe('the numbers of a row', () => {
  it.each([
    [{ payload: 64, variant: '4 KiB' }, 64],
    [{ payload: null, variant: '64 B' }, 64],
    [{ payload: null, variant: '64 bytes, copied' }, 64],
    [{ variant: '1 MiB, zero-copy' }, 1048576],
    [{ variant: '64 KiB, batch' }, 65536],
    [{ payload: null, variant: 'among 1000' }, null],
    [{ payload: null, variant: null }, null],
  ])('of %j: the payload is %s', (row, bytes) => expect(payloadOf(row)).toBe(bytes));

  it.each([
    ['16 in flight', 16],
    ['1000/s', 1000],
    ['100,000/s', 100_000],
    ['among 1000', 1000],
    ['alone', 1],
    ['10 subscribers', 10],
    ['server at rest', null],
    [null, null],
  ])('of %j: the count is %s', (variant, count) => expect(countOf({ variant })).toBe(count));

  it('tell how messages are sent and handed over', () => {
    const forms = ['64 B, handler', '64 B, batch', '64 B, RxJS', '64 B', '1 MiB, zero-copy', null];
    expect(forms.map((variant) => formOf({ variant }))).toEqual([
      ...['usual', 'batch', 'rxjs', 'usual', 'zero-copy', 'usual'],
    ]);
  });
});

describe('the choice of rows', () => {
  it('leaves out what was not measured, and what a log scale has no place for', () => {
    const rows = [1, null, undefined, 0, Number.NaN].map((p50Ns) => ({ case: 'wake', p50Ns }));
    expect(rowsOf({ rows: [...rows, { case: 'other', p50Ns: 2 }] }, 'wake', 'p50Ns')).toEqual([
      { case: 'wake', p50Ns: 1 },
    ]);
  });

  it('takes each implementation where it is best, for each key', () => {
    const row = (impl, placement, size, n) => ({ impl, placement, size, n });
    const rows = [
      row('a', 'free', 1, 5),
      row('a', 'split', 1, 3),
      row('a', 'one', 1, 4),
      row('a', 'free', 2, 9),
      row('b', 'one', 1, 7),
    ];
    const keyOf = ({ size }) => size;
    expect(atBestPlacement(rows, 'n', 'least', keyOf).map(({ n }) => n)).toEqual([3, 9, 7]);
    expect(atBestPlacement(rows, 'n', 'most', keyOf).map(({ n }) => n)).toEqual([5, 9, 7]);
  });

  it('tells of how many rounds rows are', () => {
    expect(roundsTold([{ rounds: 1 }])).toBe('one round');
    expect(roundsTold([{ rounds: 11 }, { rounds: 11 }])).toBe('medians of 11 rounds');
    expect(roundsTold([{ rounds: 11 }, { rounds: 3 }])).toBe('medians of 3 to 11 rounds');
    expect(roundsTold([{}])).toBe('rounds not told');
  });
});
