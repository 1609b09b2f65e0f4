// What a process holds of the machine, and what lies in /dev/shm.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, vi } from 'vitest';
import { GENEROUS_MS } from './child.js';

export interface Holdings {
  readonly descriptors: number;
  /** Mappings of shared files, the unlinked ones too. */
  readonly mappings: number;
  readonly threads: number;
}

export function holdings(pid: number): Holdings {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    mappings: maps.filter((line) => /\/dev\/shm|\(deleted\)/.test(line)).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}

/** Waits until a process holds again what it held before. */
export async function expectHoldings(pid: number, before: Holdings): Promise<void> {
  await vi.waitFor(() => expect(holdings(pid)).toEqual(before), waiting);
}

/** The resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return pages * 4096;
}

/** What lies in /dev/shm, whoever put it there. */
export const sharedFiles = (): string[] => readdirSync('/dev/shm').sort();

/**
 * Waits until none of the files is left that are there now and were not there before. Another test may
 * run at the same time, whose files are there for a while, too: they get the time to go.
 */
export async function expectNoneLeft(before: readonly string[]): Promise<void> {
  const suspects = sharedFiles().filter((file) => !before.includes(file));
  const left = () => sharedFiles().filter((file) => suspects.includes(file));
  await vi.waitFor(() => expect(left()).toEqual([]), waiting);
}

const waiting = { timeout: GENEROUS_MS, interval: 20 };

/** Waits until an assertion holds. */
export const eventually = (assertion: () => unknown): Promise<unknown> =>
  vi.waitFor(assertion, waiting);
