// A connection on which much goes on: its small messages go past the core, straight into and out of
// the rings. Whatever they are mixed with, all of them arrive, in order, once, and are counted.

import type * as threads from 'node:worker_threads';
import { IpcClient } from '@coroipc/core';
import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { eventually } from './machine.js';

const WELL = { outcome: 0, errors: '' };
const ECHO = 1;
const LATER = 2;
const BURST = 3;
const REFUSED = 4;
/** Of payloads: none, small ones, those on both sides of what goes past the core, large ones. */
const SIZES = [
  0, 1, 2, 3, 4, 5, 63, 64, 255, 487, 488, 489, 495, 496, 497, 4072, 4080, 4096, 70_000,
];

interface Argument {
  readonly name: string;
  readonly commands: { ECHO: number; LATER: number; BURST: number; REFUSED: number };
  readonly sizes: readonly number[];
  readonly rounds: number;
}

const argument = (rounds: number): Argument => ({
  name: freshName(),
  commands: { ECHO, LATER, BURST, REFUSED },
  sizes: SIZES,
  rounds,
});

// Ends with what it has counted when it is told to.
const serve: Task<Argument> = async (tools, { name, commands }) => {
  const { CoroIpcError, IpcServer, CS, say, told } = tools;
  const server = new IpcServer({ name });
  server.service(1, {
    requests: {
      [commands.ECHO]: ({ payload }) => payload,
      [commands.LATER]: async ({ payload }) => {
        for (let turns = (payload[0] ?? 0) % 3; turns > 0; turns--)
          await new Promise((resolve) => setImmediate(resolve));
        return payload;
      },
      [commands.BURST]: ({ payload, connection }) => {
        const count = payload.readUInt32LE(0);
        for (let number = 0; number < count; number++) {
          const message = Buffer.alloc(payload.readUInt32LE(4) + 4);
          message.writeUInt32LE(payload.readUInt32LE(8) + number);
          connection.dispatch(7, message);
        }
        return payload;
      },
      [commands.REFUSED]: () => {
        throw new CoroIpcError(CS.ERR_NOT_EXIST, 'no such thing');
      },
    },
  });
  await server.listen();
  say('ready');
  await told();
  say('stats', server.stats());
  await server.close();
};

const mix: Task<Argument> = async (tools, { name, commands, sizes, rounds }) => {
  const { CoroIpcError, CS, IpcClient, say } = tools;
  const client = await IpcClient.connect({ name, service: 1, maxInFlight: 64 });
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >> 8) % below;
  };
  const into = Buffer.alloc(70_000);
  const counted = { requests: 0, dispatched: 0 };
  let expected = 0;
  client.on('dispatch', ({ payload }) => {
    const number = payload.readUInt32LE();
    if (number !== expected) throw new Error(`message ${number} in place of ${expected}`);
    expected += 1;
  });
  const bytes = () => {
    const payload = Buffer.alloc(sizes[random(sizes.length)] ?? 0);
    for (let at = 0; at < payload.length; at += 97) payload[at] = random(256);
    if (payload.length > 0) payload[payload.length - 1] = random(256);
    return payload;
  };
  const same = (answer: Uint8Array, payload: Buffer) => {
    if (Buffer.compare(answer, payload) !== 0) throw new Error(`${payload.length} bytes differ`);
  };
  const refused = (error: unknown) => {
    if (!CoroIpcError.is(error, CS.ERR_NOT_EXIST)) throw error;
  };
  const steps = [
    () => {
      const payload = bytes();
      same(client.callSync(commands.ECHO, payload), payload);
    },
    () => {
      const payload = bytes();
      const length = client.callSyncInto(commands.ECHO, payload, into);
      same(into.subarray(0, length), payload);
    },
    () => {
      try {
        client.callSync(commands.REFUSED, bytes());
      } catch (error) {
        refused(error);
      }
    },
    () => {
      const payload = bytes();
      return client
        .call(random(2) === 0 ? commands.ECHO : commands.LATER, payload)
        .then((answer) => same(answer, payload));
    },
    () => client.call(commands.REFUSED, bytes()).catch(refused),
    () => {
      const payload = Buffer.alloc(12);
      const count = random(40);
      payload.writeUInt32LE(count, 0);
      payload.writeUInt32LE(sizes[random(sizes.length - 1)] ?? 0, 4);
      payload.writeUInt32LE(counted.dispatched, 8);
      counted.dispatched += count;
      client.callSync(commands.BURST, payload);
    },
  ];
  for (let round = 0; round < rounds; round++) {
    const waiting: unknown[] = [];
    const step = steps[random(steps.length)];
    for (let left = random(30) + 1; left > 0; left--) {
      counted.requests += 1;
      waiting.push((random(3) === 0 ? steps[random(steps.length)] : step)?.());
    }
    // Some answers are found in the midst of it, some by who waits for them.
    if (random(2) === 0) await Promise.all(waiting);
  }
  while (client.stats().inFlight > 0 || expected < counted.dispatched)
    await new Promise((resolve) => setImmediate(resolve));
  say('counted', counted);
  await client.close();
};

describe.each([
  ['by default', {}],
  ['from the first message on', { COROIPC_DIRECT_AFTER: '1' }],
  ['never', { COROIPC_DIRECT_AFTER: '0' }],
])('past the core %s', (_when, env) => {
  it('all that is sent arrives, in order, once, and is counted', async () => {
    const task = argument(1500);
    const server = Child.start(serve, task, { env });
    await server.said('ready');
    const client = Child.start(mix, task, { env });
    const counted = (await client.said('counted')) as { requests: number; dispatched: number };
    expect(await client.ended()).toMatchObject(WELL);
    server.tell('enough');
    expect(await server.said('stats')).toMatchObject({
      requests: counted.requests,
      responses: counted.requests,
      dispatched: counted.dispatched,
      breaches: 0,
    });
    expect(await server.ended()).toMatchObject(WELL);
  });

  it('more connections than may be shown at a time take turns', async () => {
    const task = argument(0);
    const server = Child.start(serve, task, { env });
    await server.said('ready');
    const many: Task<Argument> = async ({ IpcClient, say }, { name, commands }) => {
      const clients = await Promise.all(
        Array.from({ length: 150 }, () => IpcClient.connect({ name, service: 1 })),
      );
      for (let round = 0; round < 60; round++)
        for (const [number, client] of clients.entries()) {
          const payload = Buffer.from(`${round} of ${number}`);
          if (!client.callSync(commands.ECHO, payload).equals(payload)) throw new Error('differs');
        }
      const calls = clients.map((client) => client.call(commands.ECHO, 'x'));
      say('calls', (await Promise.all(calls)).length);
      await Promise.all(clients.map((client) => client.close()));
    };
    const client = Child.start(many, task, { env });
    expect(await client.said('calls')).toBe(150);
    expect(await client.ended()).toMatchObject(WELL);
    server.tell('enough');
    expect(await server.said('stats')).toMatchObject({ requests: 150 * 61, responses: 150 * 61 });
    expect(await server.ended()).toMatchObject(WELL);
  });

  it('a server that waits for room for its answers hears of what was taken', async () => {
    const task = argument(0);
    const server = Child.start(serve, task, { env });
    await server.said('ready');
    // Answers for which there is no room at first, to a client that does not look until the server
    // has gone to sleep for want of it.
    const late: Task<Argument> = async ({ IpcClient, say }, { name, commands }) => {
      const client = await IpcClient.connect({
        name,
        service: 1,
        requestBytes: 1_048_576,
        responseBytes: 65_536,
        maxInFlight: 1000,
      });
      for (let left = 20; left > 0; left--) client.callSync(commands.ECHO, 'x');
      const payloads = Array.from({ length: 1000 }, (_, number) => Buffer.alloc(300, number));
      const calls = payloads.map((payload) => client.call(commands.ECHO, payload));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      const answers = await Promise.all(calls);
      say('same', answers.filter((answer, number) => payloads[number]?.equals(answer)).length);
      await client.close();
    };
    const client = Child.start(late, task, { env });
    expect(await client.said('same')).toBe(1000);
    expect(await client.ended()).toMatchObject(WELL);
    server.tell('enough');
    expect(await server.ended()).toMatchObject(WELL);
  });
});

// Ten bursts of 1000 messages, each outside of a request, in a ring that takes them all; counts how often the
// publisher has the core look whether the client sleeps.
const publishOutside: Task<{ name: string }> = async ({ IpcServer, say, told }, { name }) => {
  const server = new IpcServer({ name });
  server.service(1, {});
  await server.listen();
  say('ready');
  await told();
  for (let burst = 0; burst < 10; burst++) {
    await new Promise((resolve) => setImmediate(resolve));
    for (let number = 0; number < 1000; number++) server.publish(1, burst, 'a message');
  }
  say('crossings', Reflect.get(globalThis, 'tellings'));
  await told();
  await server.close();
};

it('a publisher outside of its turns crosses into the addon once for many messages', async () => {
  const name = freshName();
  const counting = ['--import', import.meta.resolve('./fixtures/tellings.mjs')];
  const server = Child.start(publishOutside, { name }, { node: counting });
  await server.said('ready');
  const client = await IpcClient.connect({ name, service: 1 });
  const bursts: number[] = [];
  client.on('dispatch', ({ id }) => bursts.push(id));
  server.tell('begin');
  // A client that sleeps in between is told each time, which is as it should be.
  expect(await server.said('crossings')).toBeLessThan(3000);
  await eventually(() => expect(bursts).toHaveLength(10_000));
  expect(bursts).toEqual([...bursts].sort((one, other) => one - other));
  await client.close();
  server.tell('enough');
  expect(await server.ended()).toMatchObject(WELL);
});

it('a worker that is told to end in a disconnect function takes no process along', async () => {
  const inWorker = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.core).then(async ({ IpcServer }) => {
      const server = new IpcServer({ name: workerData.name });
      server.service(1, {
        disconnect: () => process.exit(7),
        requests: { 1: ({ payload }) => payload, 2: () => void server.close() },
      });
      await server.listen();
      parentPort.postMessage('ready');
    });`;
  const task: Task<{ name: string; source: string; core: string }> = async (tools, given) => {
    const { IpcClient, say } = tools;
    const { Worker } = process.getBuiltinModule('node:worker_threads') as typeof threads;
    const { name, source, core } = given;
    for (let round = 0; round < 10; round++) {
      const workerData = { name: `${name}-${round}`, core };
      const worker = new Worker(source, { eval: true, workerData });
      await new Promise((resolve) => worker.once('message', resolve));
      const exit = new Promise((resolve) => worker.once('exit', resolve));
      const connect = () => IpcClient.connect({ name: workerData.name, service: 1 });
      const clients = await Promise.all([connect(), connect(), connect()]);
      for (const client of clients)
        for (let count = 0; count < 40; count++) client.callSync(1, 'x');
      clients[0]?.call(2).catch(() => undefined);
      say('exit', await exit);
      await Promise.all(clients.map((client) => client.close()));
    }
  };
  const core = import.meta.resolve('@coroipc/core');
  const child = Child.start(task, { name: freshName(), source: inWorker, core });
  expect(await child.ended()).toMatchObject(WELL);
  expect(child.values('exit')).toEqual(Array.from({ length: 10 }, () => 7));
});
