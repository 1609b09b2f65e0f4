// The files of the classic wire in /dev/shm: none that a test made may be there when it ends.

import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';

const OURS = /^((control|request|response|dispatch)_buffer|corosync_zerocopy)-/;
const GENEROUS_MS = 10_000;

/** The names of all such files, whoever made them. */
export const sharedFiles = (): string[] =>
  readdirSync('/dev/shm').filter((file) => OURS.test(file));

/**
 * Fails when a file that was not there `before` stays. Tests of other processes make such files
 * too, but only for a moment: those that are there now get time to go.
 */
export async function expectNoneLeft(before: readonly string[]): Promise<void> {
  const suspects = sharedFiles().filter((file) => !before.includes(file));
  const until = Date.now() + GENEROUS_MS;
  const left = () => sharedFiles().filter((file) => suspects.includes(file));
  while (left().length > 0 && Date.now() < until) await sleep(20);
  expect(left()).toEqual([]);
}
