// Many connections of every wire, one after another and at once: nothing grows that should not.

import type { Wire } from '@coroipc/core';
import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import {
  eventually,
  expectHoldings,
  expectNoneLeft,
  holdings,
  residentBytes,
  sharedFiles,
} from './machine.js';
import { EVERY_WIRE, SPEAKS, type Speaks, WIRES } from './wires.js';

const MIB = 1024 * 1024;
const CYCLES = 10_000;
const WARM_UP = 1000;
const CLIENT_PROCESSES = 4;
const CLIENTS_EACH = 50;
const CONNECTIONS_A_THREAD = 100;

interface Argument {
  readonly name: string;
  readonly cycles: number;
  readonly clients: number;
  readonly wires: readonly Wire[];
  readonly every: readonly Speaks[];
}

const serve: Task<Argument> = async ({ IpcServer, libuvPoll, say, told }, { name, wires }) => {
  const server = new IpcServer({ name, wires, adapter: libuvPoll() });
  server.service(1, {
    requests: {
      1: ({ payload }) => payload,
      2: (request) => {
        for (let left = 200; left > 0; left--) request.connection.dispatch(left, `message ${left}`);
        request.respond();
      },
    },
  });
  await server.listen();
  say('ready');
  for (;;) {
    const message = await told();
    if (message === 'close') break;
    globalThis.gc?.();
    say('connections', server.stats());
  }
  await server.close();
};

const churn: Task<Argument> = async (tools, { name, cycles, every }) => {
  const { coroipcc, encodeRequest, say, told } = tools;
  for (;;) {
    for (let cycle = 0; cycle < cycles; cycle++) {
      const speaks = every[cycle % every.length];
      const handle = coroipcc.serviceConnect(name, 1, 4096, 4096, 4096, speaks);
      const answer = coroipcc.msgSendReplyReceive(handle, encodeRequest(1, `cycle ${cycle}`));
      if (answer.subarray(24).toString() !== `cycle ${cycle}`) throw new Error('a wrong answer');
      if (cycle % 16 === 0) coroipcc.zcbAlloc(handle, 4096, 16);
      coroipcc.serviceDisconnect(handle);
    }
    globalThis.gc?.();
    say('cycled');
    if ((await told()) !== 'again') return;
  }
};

const crowd: Task<Argument> = async (tools, { name, clients, every }) => {
  const { IpcClient, libuvPoll, say, told } = tools;
  const adapter = libuvPoll();
  const all = await Promise.all(
    Array.from({ length: clients }, (_, number) =>
      IpcClient.connect({
        name,
        service: 1,
        adapter,
        requestBytes: 8192,
        responseBytes: 8192,
        dispatchBytes: 8192,
        ...every[number % every.length],
      }),
    ),
  );
  say('connected');
  await told();
  const use = async (client: (typeof all)[number], number: number) => {
    const iterator = client.dispatches({ highWaterMark: 16 });
    const calls: Promise<Buffer>[] = [];
    for (let call = 0; call < 50; call++) calls.push(client.call(1, `${number}: ${call}`));
    for (const [call, answer] of (await Promise.all(calls)).entries()) {
      if (answer.toString() !== `${number}: ${call}`) throw new Error(`a wrong answer: ${answer}`);
    }
    await client.call(2);
    let left = 200;
    for await (const { id, payload } of iterator) {
      if (id !== left || payload.toString() !== `message ${left}`)
        throw new Error('a wrong message');
      left--;
      if (left === 0) break;
    }
    for (let call = 0; call < 20; call++) client.callSync(1, 'x');
  };
  await Promise.all(all.map(use));
  say('used');
  await told();
  await Promise.all(all.map((client) => client.close()));
};

const node = ['--expose-gc'];
const every = EVERY_WIRE.map((over) => SPEAKS[over]);

describe('many connections', () => {
  it('ten thousand one after another leave nothing', async () => {
    const files = sharedFiles();
    const argument = { name: freshName(), cycles: WARM_UP, clients: 0, wires: WIRES, every };
    const server = Child.start(serve, argument, { node });
    await server.said('ready');
    const client = Child.start(churn, argument, { node });
    await client.said('cycled');
    const idle = async (nth: number) => {
      await eventually(() => expect(holdings(server.pid).mappings).toBe(0));
      server.tell('collect');
      await server.said('connections', nth);
    };
    await idle(1);
    const before = {
      server: { ...holdings(server.pid), bytes: residentBytes(server.pid) },
      client: { ...holdings(client.pid), bytes: residentBytes(client.pid) },
    };
    for (let round = 2; round * WARM_UP <= CYCLES; round++) {
      client.tell('again');
      await client.said('cycled', round);
    }
    await idle(2);
    const { bytes: serverBytes, ...ofServer } = before.server;
    const { bytes: clientBytes, ...ofClient } = before.client;
    await expectHoldings(server.pid, ofServer);
    await expectHoldings(client.pid, ofClient);
    expect(residentBytes(server.pid)).toBeLessThan(serverBytes + 32 * MIB);
    expect(residentBytes(client.pid)).toBeLessThan(clientBytes + 32 * MIB);
    const stats = (await server.said('connections', 2)) as Record<string, number>;
    expect(stats).toMatchObject({ connections: 0, connectionsTotal: CYCLES, refused: 0 });
    await expectNoneLeft(files);
    client.tell('end');
    server.tell('close');
    expect((await client.ended()).outcome).toBe(0);
    expect((await server.ended()).outcome).toBe(0);
  });

  it('two hundred at once are all served, by a thread for every hundred of the classic wire', async () => {
    const files = sharedFiles();
    const argument = { name: freshName(), cycles: 0, clients: CLIENTS_EACH, wires: WIRES, every };
    const server = Child.start(serve, argument);
    await server.said('ready');
    const warm = Child.start(crowd, { ...argument, clients: 1 });
    await warm.said('connected');
    warm.tell('use');
    await warm.said('used');
    warm.tell('close');
    expect((await warm.ended()).outcome).toBe(0);
    await eventually(() => expect(holdings(server.pid).mappings).toBe(0));
    const before = holdings(server.pid);

    const crowds = Array.from({ length: CLIENT_PROCESSES }, () => Child.start(crowd, argument));
    for (const one of crowds) await one.said('connected');
    server.tell('count');
    const count = CLIENT_PROCESSES * CLIENTS_EACH;
    expect(await server.said('connections')).toMatchObject({ connections: count });
    const native = Math.ceil(CLIENTS_EACH / every.length);
    const classic = CLIENT_PROCESSES * (CLIENTS_EACH - native);
    const threads = Math.ceil(classic / CONNECTIONS_A_THREAD);
    expect(holdings(server.pid).threads).toBeLessThanOrEqual(before.threads + threads);
    for (const one of crowds) one.tell('use');
    for (const one of crowds) await one.said('used');
    expect(holdings(server.pid).threads).toBeLessThanOrEqual(before.threads + threads);
    for (const one of crowds) one.tell('close');
    for (const one of crowds) expect(await one.ended()).toMatchObject({ outcome: 0, errors: '' });
    await expectHoldings(server.pid, before);
    await expectNoneLeft(files);
    server.tell('close');
    expect(await server.ended()).toMatchObject({ outcome: 0, errors: '' });
  });
});
