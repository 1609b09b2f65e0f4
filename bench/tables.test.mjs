import { describe, expect, it } from 'vitest';
import { goalsTable, shown, table, time } from './tables.mjs';

describe('the tables', () => {
  it('stand in columns', () => {
    const lines = [
      ['a', 'bcd'],
      ['long', '1'],
    ];
    expect(table(lines, 1)).toBe('a     bcd\nlong    1');
  });

  it('show as many digits as count', () => {
    expect([0, 0.0314, 0.314, 2.345678, 23.45678, 234.5678, 3_141_592, null].map(shown)).toEqual([
      '0',
      '0.031',
      '0.31',
      '2.35',
      '23.5',
      '235',
      '3,141,592',
      '-',
    ]);
  });

  it('show times in the unit that reads best', () => {
    expect([120, 52_400, 8_000_000, null].map(time)).toEqual([
      '0.12 us',
      '52.4 us',
      '8.00 ms',
      '-',
    ]);
  });

  it('say by how much a goal was missed', () => {
    const outcome = { what: 'it', min: 1, max: 9 };
    const text = goalsTable({
      slow: { ...outcome, most: 2, median: 5, met: false },
      few: { ...outcome, least: 100, median: 25, met: false },
      fine: { ...outcome, most: 2, median: 1, met: true },
      none: { ...outcome, most: 2, median: null, met: null },
    });
    expect(text).toMatch(/slow .* missed by 2.50 times\n/);
    expect(text).toMatch(/few .* missed by 4.00 times\n/);
    expect(text).toMatch(/fine .* met\n/);
    expect(text).toMatch(/none .* not measured$/);
  });
});
