// The native wire between worker threads that are terminated in the middle of it: the other side hears
// of it, the process lives, and neither a descriptor nor a mapping stays.

import { fileURLToPath } from 'node:url';
import type * as threads from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';

const WORKER = fileURLToPath(new URL('./fixtures/worker.mjs', import.meta.url));
const ROUNDS = 6;
const CLIENTS = [
  ...['callsSync', 'callsAsync', 'pending', 'iterator', 'dispatchGet'],
  ...['blocked', 'dispatchBlocked'],
];
const VICTIMS = ['server', 'client', 'both'] as const;

interface Argument {
  readonly file: string;
  readonly name: string;
  readonly role: string;
  readonly rounds: number;
  readonly victim: (typeof VICTIMS)[number];
}

const rounds: Task<Argument> = async (tools, { file, name, role, rounds, victim }) => {
  const { IpcClient, CoroIpcError, libuvPoll, say } = tools;
  const { Worker } = process.getBuiltinModule('node:worker_threads') as typeof threads;
  const { readdirSync, readFileSync } = process.getBuiltinModule('node:fs');
  const mappings = () =>
    readFileSync('/proc/self/maps', 'utf8')
      .split('\n')
      .filter((line) => line.includes('memfd:coroipc')).length;
  const start = (role: string, name: string) => {
    const worker = new Worker(file, { workerData: { role, name, adapter: 'libuv' } });
    const heard: unknown[] = [];
    const wake: (() => void)[] = [];
    worker.on('message', (message) => {
      heard.push(message);
      for (const one of wake.splice(0)) one();
    });
    worker.on('error', (error) => say('worker failed', String(error)));
    const exited = new Promise<void>((resolve) => worker.on('exit', () => resolve()));
    const next = async () => {
      while (heard.length === 0) await new Promise<void>((resolve) => wake.push(resolve));
      return heard.shift();
    };
    return { worker, next, exited };
  };
  for (let round = 0; round < rounds; round++) {
    const fresh = `${name}-${round}`;
    const server = start('server', fresh);
    await server.next();
    const client = start(role, fresh);
    const first = await client.next();
    if (first !== 'at it') throw new Error(`round ${round}: ${first}`);
    if (mappings() < 2) throw new Error('nothing is mapped in the midst of it');
    if (victim !== 'client') {
      // One that stays behind is connected from this thread.
      const witness = await IpcClient.connect({ name: fresh, service: 1, adapter: libuvPoll() });
      const silence = witness.call(2).catch((error) => error);
      if (victim === 'both')
        await Promise.all([server.worker, client.worker].map((one) => one.terminate()));
      else await server.worker.terminate();
      const error = await silence;
      say('witness', CoroIpcError.is(error) ? error.status : String(error));
      await witness.close();
      if (victim === 'server') say('status', await client.next());
      await client.exited;
    } else {
      await client.worker.terminate();
      const again = await IpcClient.connect({ name: fresh, service: 1, adapter: libuvPoll() });
      const answers = await Promise.all(Array.from({ length: 50 }, () => again.call(1, 'here')));
      if (answers.some((answer) => answer.toString() !== 'here')) throw new Error('a wrong answer');
      await again.close();
      await server.worker.terminate();
    }
    say('left', { descriptors: readdirSync('/proc/self/fd').length, mappings: mappings() });
  }
};

describe.each(VICTIMS)('terminated: %s', (victim) => {
  it.each(CLIENTS)('while the client is at %s', async (role) => {
    const argument = { file: WORKER, name: freshName(), role, rounds: ROUNDS, victim };
    const child = Child.start(rounds, argument);
    expect(await child.ended()).toMatchObject({ outcome: 0, errors: '' });
    expect(child.values('worker failed')).toEqual([]);
    for (const status of child.values('status')) expect(status).toBe(2);
    for (const status of child.values('witness')) expect(status).toBe(2);
    const left = child.values('left') as { descriptors: number; mappings: number }[];
    expect(left).toHaveLength(ROUNDS);
    for (const { mappings } of left) expect(mappings).toBe(0);
    // The first round makes what a process makes once.
    expect(left.at(-1)?.descriptors).toBe(left[1]?.descriptors);
  });
});
