import { describe, expect, it } from 'vitest';
import { plainLine, tableLines } from './view.mjs';

const nothing = {
  wire: 'native',
  elapsedSeconds: 0,
  plannedSeconds: 10,
  tick: undefined,
  before: undefined,
  network: undefined,
  processes: undefined,
  dispatches: { count: 0, perSecond: Number.NaN, p50Us: null, p99Us: null },
  calls: undefined,
};

const tick = (busy, cores) => ({
  sequence: 1,
  atNs: 0n,
  totalBytes: 2 ** 34,
  availableBytes: 2 ** 33,
  cores: Array.from({ length: cores }, () => ({ busy, total: 100 + busy })),
});

const everything = (cores) => ({
  ...nothing,
  elapsedSeconds: 3.25,
  before: tick(0, cores),
  tick: tick(100, cores),
  network: {
    interfaces: ['lo', 'eth0', 'eth1', 'idle'].map((name, index) => ({
      name,
      receivedPerSecond: 10 ** (9 - 3 * index),
      sentPerSecond: 0,
    })),
  },
  processes: {
    total: 99_999,
    top: Array.from({ length: 10 }, () => ({
      pid: 4_194_304,
      name: 'a-name-of-15-byt',
      state: 'R',
      cpuPercent: 6400,
      rssBytes: 2 ** 40,
    })),
  },
  dispatches: { count: 43_200_000, perSecond: 500, p50Us: 12.34, p99Us: 123_456.7 },
  calls: { calls: 8_640_000_000, seconds: 86_400, p50Us: 10, p99Us: 99_999.9 },
});

describe('the table', () => {
  it.each([1, 2, 4, 5, 8, 9, 256])('fits a window of 80x24 on %d cores', (cores) => {
    const lines = tableLines(everything(cores));
    expect(lines.length).toBeLessThan(24);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('has a line while nothing is known', () => {
    expect(tableLines(nothing)).toContain('mem    measuring');
  });

  it('says which wire it is about', () => {
    expect(tableLines(nothing)[0]).toMatch(/^coroipc sysmon, native wire +0\.0 of 10 s$/);
    const classic = tableLines({ ...nothing, wire: 'classic' });
    expect(classic[0]).toMatch(/^coroipc sysmon, classic wire /);
  });

  it('shows the use between two ticks, and memory', () => {
    const text = tableLines(everything(2)).join('\n');
    expect(text).toMatch(/cpu +100 % \[#{24}\]\n +core 0 100 % +core 1 100 %/);
    expect(text).toContain('8.0 GiB of 16.0 GiB used (50 %)');
    expect(text).toContain('lo in 953.7 MiB/s, out 0 B/s');
    expect(text).not.toContain('idle');
  });
});

describe('the plain line', () => {
  it('says what is known, and nothing else', () => {
    expect(plainLine(nothing)).toBe('0.0 s | 0 dispatches');
    expect(plainLine(everything(2))).toMatch(/^3\.3 s \| cpu .*, p50 10\.0 us$/);
  });
});
