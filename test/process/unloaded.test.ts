// A runtime unloads an addon when the last environment that loaded it ends. What the process has of
// it stays: the handlers of signals, and the memory of which numbers were given.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const UNLOADED = fileURLToPath(new URL('./fixtures/unloaded.mjs', import.meta.url));

// A fault outside of every shared mapping, and a signal that was a loop's for a while, end a
// process as if nothing had been.
it.each(['SIGBUS', 'SIGUSR2'] as const)(
  'what workers leave behind neither crashes at %s nor gives a number twice',
  async (signal) => {
    const child = spawn(process.execPath, [UNLOADED], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [output] = (await once(child.stdout, 'data')) as [Buffer];
    const numbers = JSON.parse(String(output)) as number[];
    expect(numbers).toHaveLength(3);
    expect(new Set(numbers).size).toBe(3);
    const ended = once(child, 'exit');
    // The first SIGBUS that is nobody's fault only takes the guard away.
    const again = setInterval(() => child.kill(signal), 20);
    onTestFinished(() => clearInterval(again));
    expect(await ended).toEqual([null, signal]);
  },
);
