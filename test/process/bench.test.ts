// npm run bench as people run it, in short: it measures, writes what it found, and leaves nothing.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { expectNoneLeft, sharedFiles } from './machine.js';

const RUN = fileURLToPath(new URL('../../bench/run.mjs', import.meta.url));

interface Row {
  case: string;
  variant: string | null;
  impl: string;
  placement: string;
  p50Ns: number | null;
  perSecond: number | null;
  cpuNsPerOp: number | null;
}

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
  const cases = ['syncCall', 'wake', 'pipelined', 'dispatch', 'timer'];
  // This one needs a CPU for each side.
  if (availableParallelism() > 1) cases.splice(4, 0, 'hotAmong1000');
  const { code, out, errors } = await bench(
    ...['--quick', '--rounds', '1', '--placement', 'free,split', '--impl', 'native,classic,sem'],
    ...['--case', cases.join(), '--json', file],
  );
  expect({ code, out, errors }).toMatchObject({ code: 0 });

  const { machine, rows, ratios } = JSON.parse(readFileSync(file, 'utf8'));
  expect(machine.node).toBe(process.version);
  for (const wire of ['native', 'classic']) {
    const ours = (rows as Row[]).filter(({ impl }) => impl === wire);
    expect([...new Set(ours.map((row) => row.case))]).toEqual(cases);
  }
  const floor = (rows as Row[]).filter(({ impl }) => impl === 'sem');
  expect([...new Set(floor.map((row) => row.case))]).toEqual(['syncCall', 'wake']);
  for (const row of rows as Row[]) {
    if (row.case === 'timer') {
      // A timer that is not late has a delay of nothing.
      expect(row.p50Ns).toBeGreaterThanOrEqual(0);
      continue;
    }
    if (row.case === 'dispatch') expect(row.perSecond).toBeGreaterThan(0);
    else expect(row.p50Ns).toBeGreaterThan(0);
    expect(row.cpuNsPerOp).toBeGreaterThan(0);
  }
  expect(ratios.pipelinedPerSecond).toMatchObject({ least: 1e6, median: expect.any(Number) });
  // The other side of this ratio was not asked for.
  expect(ratios.wakeVsCFree).toMatchObject({ median: null, met: null, most: 1.3 });
  expect(out).toContain('not measured');
  await expectNoneLeft(before);
});

test('npm run bench says what is wrong with an option', async () => {
  const { code, out, errors } = await bench('--impl', 'fast');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(errors).toMatch(/^--impl must be of native, classic, .*, got "fast"\n$/);
});
