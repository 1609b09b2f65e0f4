// Servers and clients in worker threads, which are terminated in the middle of it: the other side
// hears of it, and the main thread goes on.

import { fileURLToPath } from 'node:url';
import type * as threads from 'node:worker_threads';
import type { Wire } from '@coroipc/core';
import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { expectNoneLeft, sharedFiles } from './machine.js';
import { SPEAKS, type Speaks, WIRES } from './wires.js';

const WORKER = fileURLToPath(new URL('./fixtures/worker.mjs', import.meta.url));
const ADAPTERS = ['libuv', 'thread'] as const;
const ROUNDS = 8;
/** Processes that share them, at once. */
const AT_ONCE = 2;

/** What a client is at: the last two are in the midst of a native call that has no end. */
const CLIENTS = [
  ...['callsSync', 'callsAsync', 'pending', 'iterator', 'dispatchGet'],
  ...['blocked', 'dispatchBlocked'],
];

interface Argument {
  readonly file: string;
  readonly name: string;
  readonly adapter: (typeof ADAPTERS)[number];
  readonly speaks: Speaks;
  readonly wires: readonly Wire[];
  readonly role: string;
  readonly rounds: number;
  readonly victim: 'client' | 'server' | 'both' | 'none';
}

const rounds: Task<Argument> = async (tools, argument) => {
  const { IpcClient, adapters, say } = tools;
  const { file, adapter, speaks, wires, rounds, role, victim } = argument;
  const { Worker } = process.getBuiltinModule('node:worker_threads') as typeof threads;
  const { readdirSync } = process.getBuiltinModule('node:fs');
  let ticks = 0;
  const clock = setInterval(() => ticks++, 1);
  const start = (role: string, name: string) => {
    const worker = new Worker(file, { workerData: { role, name, adapter, speaks, wires } });
    const heard: unknown[] = [];
    let wake = () => {};
    worker.on('message', (message) => {
      heard.push(message);
      wake();
    });
    worker.on('error', (error) => say('worker failed', String(error)));
    const exited = new Promise<void>((resolve) => worker.on('exit', () => resolve()));
    const next = async () => {
      while (heard.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return heard.shift();
    };
    return { worker, next, exited };
  };
  const descriptors: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const name = `${argument.name}-${round}`;
    const server = start('server', name);
    await server.next();
    const client = start(role, name);
    const first = await client.next();
    if (first !== 'at it') throw new Error(`round ${round}: ${first}`);
    const before = ticks;
    if (victim === 'none') {
      say('in the middle');
      await tools.never();
    }
    if (victim === 'both') {
      await Promise.all([server.worker.terminate(), client.worker.terminate()]);
    } else if (victim === 'client') {
      await client.worker.terminate();
      const options = { name, service: 1, ...speaks, adapter: adapters[adapter]() };
      const again = await IpcClient.connect(options);
      const answer = await again.call(1, 'still here');
      if (answer.toString() !== 'still here') throw new Error(`a wrong answer: ${answer}`);
      await again.close();
      await server.worker.terminate();
    } else {
      await server.worker.terminate();
      say('status', await client.next());
      await client.exited;
    }
    while (ticks <= before) await new Promise(setImmediate);
    descriptors.push(readdirSync('/proc/self/fd').length);
  }
  clearInterval(clock);
  say('descriptors', descriptors);
  say('survived');
};

async function survived(
  argument: Pick<Argument, 'adapter' | 'speaks' | 'role' | 'victim'>,
): Promise<Child[]> {
  const files = sharedFiles();
  const start = () =>
    Child.start(rounds, {
      ...argument,
      file: WORKER,
      name: freshName(),
      rounds: ROUNDS / AT_ONCE,
      wires: WIRES,
    });
  const children = Array.from({ length: AT_ONCE }, start);
  for (const child of children) {
    const ended = await child.ended();
    expect(ended).toMatchObject({ outcome: 0, errors: '' });
    expect(ended.said.at(-1)).toBe('survived');
    expect(ended.said).not.toContain('worker failed');
    const descriptors = (await child.said('descriptors')) as number[];
    expect(descriptors.at(-1)).toBe(descriptors[1]);
  }
  await expectNoneLeft(files);
  return children;
}

const matrix = [
  { over: 'native', adapter: 'libuv' },
  { over: 'native', adapter: 'thread' },
  { over: 'classic 1.2', adapter: 'libuv' },
] as const;

describe.each(matrix)('over $over, with $adapter', ({ over, adapter }) => {
  const speaks = SPEAKS[over];

  it.each(CLIENTS)('the worker of a server whose client is at %s', async (role) => {
    const children = await survived({ adapter, speaks, role, victim: 'server' });
    const statuses = children.flatMap((child) => child.values('status'));
    for (const status of statuses) expect([2, 31]).toContain(status);
    expect(statuses).toHaveLength(ROUNDS);
  });

  it.each(CLIENTS)('the worker of a client at %s', async (role) => {
    await survived({ adapter, speaks, role, victim: 'client' });
  });

  it.each(CLIENTS)('both workers at once, the client at %s', async (role) => {
    await survived({ adapter, speaks, role, victim: 'both' });
  });

  it('process.exit() with both at work', async () => {
    const files = sharedFiles();
    const task: Task<Argument> = async (_tools, { file, name, adapter, speaks, wires }) => {
      const { Worker } = process.getBuiltinModule('node:worker_threads') as typeof threads;
      const start = (role: string) =>
        new Promise((resolve) => {
          const worker = new Worker(file, { workerData: { role, name, adapter, speaks, wires } });
          worker.once('message', resolve);
        });
      await start('server');
      for (const role of ['callsSync', 'callsAsync', 'iterator', 'dispatchGet']) await start(role);
      process.exit(23);
    };
    const argument = {
      file: WORKER,
      adapter,
      speaks,
      wires: WIRES,
      role: '',
      rounds: 1,
    };
    const exits = async () => {
      for (let round = 0; round < ROUNDS / AT_ONCE; round++) {
        const child = Child.start(task, { ...argument, name: freshName(), victim: 'none' });
        expect(await child.ended()).toMatchObject({ outcome: 23, errors: '' });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, exits));
    await expectNoneLeft(files);
  });
});
