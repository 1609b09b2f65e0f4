import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  parseCores,
  parseInterfaces,
  parseLoad,
  parseMemory,
  parsePageBytes,
  parseProcess,
} from './proc.mjs';

const read = (path) => readFileSync(path, 'utf8');

describe('parseCores', () => {
  it('takes idle and iowait for idle, and guest time once', () => {
    const text =
      'cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 10 1 5 100 7 2 3 4 6 1\ncpu1 0 0 0 50 0 0 0 0 0 0\nintr 1\n';
    expect(parseCores(text)).toEqual([
      { busy: 25, total: 132 },
      { busy: 0, total: 50 },
    ]);
  });

  it('reads this machine', () => {
    for (const { busy, total } of parseCores(read('/proc/stat'))) {
      expect(total).toBeGreaterThan(0);
      expect(busy).toBeLessThanOrEqual(total);
    }
  });

  it('refuses another text', () => {
    expect(() => parseCores('')).toThrow('names no core');
    expect(() => parseCores('cpu0 1 2')).toThrow('a number is missing');
  });
});

describe('parseMemory', () => {
  it('gives bytes', () => {
    const text = 'MemTotal:       1000 kB\nMemFree:  1 kB\nMemAvailable:     250 kB\n';
    expect(parseMemory(text)).toEqual({ totalBytes: 1_024_000, availableBytes: 256_000 });
  });

  it('reads this machine', () => {
    const { totalBytes, availableBytes } = parseMemory(read('/proc/meminfo'));
    expect(totalBytes).toBeGreaterThan(availableBytes);
    expect(availableBytes).toBeGreaterThan(0);
  });

  it('says what is missing', () => {
    expect(() => parseMemory('MemTotal: 1 kB\n')).toThrow('no MemAvailable');
  });
});

describe('parseInterfaces', () => {
  it('finds names with and without room behind the colon, and with colons', () => {
    const text = [
      'Inter-|   Receive  |  Transmit',
      ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets',
      '    lo:    3193      29    0    0    0     0          0         0     42      29    0',
      '  eth0:1       2 0 0 0 0 0 0 9 10',
      'eth0:1: 5 2 0 0 0 0 0 0 6 10',
      '',
    ].join('\n');
    expect(parseInterfaces(text)).toEqual([
      { name: 'lo', receivedBytes: 3193, sentBytes: 42 },
      { name: 'eth0', receivedBytes: 1, sentBytes: 9 },
      { name: 'eth0:1', receivedBytes: 5, sentBytes: 6 },
    ]);
  });

  it('reads this machine', () => {
    expect(parseInterfaces(read('/proc/net/dev')).map(({ name }) => name)).toContain('lo');
  });
});

describe('parseProcess', () => {
  it('takes any name', () => {
    const rest =
      'S 1 2 3 0 -1 4194304 98 0 0 0 30 12 0 0 20 0 7 0 138574 3133440 357 18446744073709551615';
    expect(parseProcess(`77 (a) R (b (c) ${rest}\n`)).toEqual({
      pid: 77,
      name: 'a) R (b (c',
      state: 'S',
      cpuTicks: 42,
      threads: 7,
      startTicks: 138574,
      rssPages: 357,
    });
  });

  it('reads this process', () => {
    const { pid, state, rssPages } = parseProcess(read('/proc/self/stat'));
    expect(pid).toBe(process.pid);
    expect(state).toBe('R');
    expect(rssPages).toBeGreaterThan(100);
  });

  it('refuses another text', () => {
    expect(() => parseProcess('77 sh S')).toThrow('no name');
    expect(() => parseProcess('77 (sh) S 1')).toThrow('a number is missing');
  });
});

describe('parseLoad', () => {
  it('gives three numbers', () => {
    expect(parseLoad('0.50 1.25 2.00 2/88 4522\n')).toEqual([0.5, 1.25, 2]);
    expect(() => parseLoad('none at all')).toThrow('a number is missing');
  });
});

describe('parsePageBytes', () => {
  it('reads this machine', () => {
    expect(endianness()).toBe('LE');
    expect([4096, 16384, 65536]).toContain(parsePageBytes(readFileSync('/proc/self/auxv')));
    expect(() => parsePageBytes(Buffer.alloc(32))).toThrow('no page size');
  });
});
