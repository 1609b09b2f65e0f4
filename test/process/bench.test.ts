// npm run bench as people run it, in short: it measures, writes what it found, and leaves nothing.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { expectNoneLeft, sharedFiles } from './machine.js';

const RUN = fileURLToPath(new URL('../../bench/run.mjs', import.meta.url));

interface Goal {
  median: number | null;
}

interface Row {
  case: string;
  variant: string | null;
  impl: string;
  placement: string;
  p50Ns: number | null;
  p90Ns: number | null;
  p99Ns: number | null;
  p999Ns: number | null;
  maxNs: number | null;
  perSecond: number | null;
  cpuNsPerOp: number | null;
  more: Record<string, Record<string, number>> | null;
}

const CASES = [
  ...['syncCall', 'wake', 'pipelined', 'dispatch', 'fanOut', 'paced', 'zcb'],
  ...['hotAmong1000', 'allHot', 'connect', 'idle1000', 'timer', 'adapters'],
];
const STREAMS = ['dispatch', 'fanOut'];
// With one placement, and what was asked for.
const MEASURED = [
  'idleHeapBytesEach',
  'zcb1MiBVs64B',
  'hotAmong1000Vs1',
  'pipelinedPerSecond',
  'dispatchPerSecond',
];

async function bench(...args: string[]): Promise<{ code: number; out: string; errors: string }> {
  const child = spawn(process.execPath, [RUN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let out = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const code = await new Promise<number>((resolve) => child.on('close', resolve));
  return { code, out, errors };
}

test('npm run bench measures what it was asked for and leaves nothing', async () => {
  const before = sharedFiles();
  const home = mkdtempSync(join(tmpdir(), 'coroipc-bench-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const file = join(home, 'numbers.json');
  // Everything, as far as --quick measures it; the wire of corosync only where that is short.
  const { code, out, errors } = await bench(
    ...['--quick', '--rounds', '1', '--placement', 'free', '--impl', 'native,classic,sem'],
    ...['--json', file],
  );
  expect({ code, out, errors }).toMatchObject({ code: 0 });
  expect(errors).toMatch(/round 1 of 1: adapters, about \d+ s left/);

  const result = JSON.parse(readFileSync(file, 'utf8'));
  const { machine, versions, rows, ratios, goals, missing } = result;
  expect(machine.node).toBe(process.version);
  expect(versions).toMatchObject({ node: process.versions.node, native: '0.1.0' });
  expect(missing).toEqual({});
  const casesOf = (name: string): string[] => {
    const measured = (rows as Row[]).filter(({ impl }) => impl === name);
    return [...new Set(measured.map((row) => row.case))];
  };
  expect(casesOf('native')).toEqual(CASES);
  expect(casesOf('classic')).toEqual(['syncCall', 'fanOut', 'paced']);
  expect(casesOf('sem')).toContain('syncCall');
  for (const row of rows as Row[]) {
    if (row.case === 'idle1000') {
      expect(row.more?.['server']?.['threads']).toBe(0);
      continue;
    }
    if (row.case === 'timer') {
      // A timer that is not late has a delay of nothing.
      expect(row.p50Ns).toBeGreaterThanOrEqual(0);
      continue;
    }
    const isStream = STREAMS.includes(row.case) || row.variant?.endsWith(': dispatch');
    if (isStream) expect(row.perSecond).toBeGreaterThan(0);
    else if (row.impl !== 'sem') {
      // In the order of the percentiles, none of them missing.
      const times = [row.p50Ns, row.p90Ns, row.p99Ns, row.p999Ns, row.maxNs] as number[];
      expect(times[0]).toBeGreaterThan(0);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
    expect(row.cpuNsPerOp).toBeGreaterThan(0);
  }
  for (const name of MEASURED)
    expect({ name, ratio: ratios[name] > 0 }).toEqual({ name, ratio: true });
  expect(goals.pipelinedPerSecond).toMatchObject({ least: 1e6, median: expect.any(Number) });
  for (const [name, goal] of Object.entries(goals as Record<string, Goal>)) {
    expect(ratios[name]).toBe(goal.median);
  }
  // The other side of this ratio was not asked for.
  expect(ratios.wakeVsC).toBe(null);
  expect(goals.wakeVsC).toMatchObject({ median: null, met: null, most: 1.3 });
  expect(out).toContain('not measured');
  await expectNoneLeft(before);
});

test('npm run bench says what is wrong with an option', async () => {
  const { code, out, errors } = await bench('--impl', 'fast');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(errors).toMatch(/^--impl must be of native, classic, .*, got "fast"\n$/);
});

test('npm run bench -- --compare tells what moved between two runs, and measures nothing', async () => {
  const home = mkdtempSync(join(tmpdir(), 'coroipc-bench-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const fileOf = (name: string, p50Ns: number): string => {
    const row = {
      case: 'syncCall',
      variant: '64 B',
      impl: 'native',
      placement: 'split',
      rounds: 5,
    };
    const spread = { p50Ns: { median: p50Ns, min: p50Ns * 0.9, max: p50Ns * 1.1 } };
    const path = join(home, name);
    writeFileSync(path, JSON.stringify({ machine: {}, rows: [{ ...row, spread }], goals: {} }));
    return path;
  };
  const [before, after] = [fileOf('old.json', 300), fileOf('new.json', 600)];
  const { code, out, errors } = await bench('--compare', before, after);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(out).toMatch(/0 better, 1 worse/);
  expect(out).toMatch(/native +split +p50 +0.30 us +0.60 us +2.00 +worse/);

  const lost = await bench('--compare', join(home, 'none.json'), after);
  expect(lost).toMatchObject({ code: 1, out: '' });
  expect(lost.errors).toMatch(/none.json is no result of a run/);
});
