// What the tests of empty resources share: what a failure looks like, and how much of a CPU a process
// uses.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';

/** What a failure looked like, as a task tells it. */
export interface Failed {
  readonly code?: string | undefined;
  readonly errno?: number | undefined;
  readonly syscall?: string | undefined;
  readonly message: string;
}

const TICK_MS = 10;
const LOOK_MS = 1000;
/** The most of a CPU that a process may use while it is starved. Spinning is 1. */
const MOST_BUSY = 0.3;

function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Shows that a process does not spin, by its user and system time over a second. */
export async function expectRest(pid: number): Promise<void> {
  const before = cpuMs(pid);
  const began = performance.now();
  await sleep(LOOK_MS);
  const share = (cpuMs(pid) - before) / (performance.now() - began);
  expect(share, 'of a CPU').toBeLessThan(MOST_BUSY);
}
