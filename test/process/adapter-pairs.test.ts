// A server on one adapter and a client on another, for every pair of them: the whole job, in
// processes of their own. For each adapter there are two servers and a client on every adapter.

import type { Wire } from '@coroipc/core';
import { expect, test } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { eventually, expectNoneLeft, sharedFiles } from './machine.js';
import { SPEAKS, type Speaks, WIRES } from './wires.js';

const ADAPTERS = [
  'libuv',
  'thread',
  'epoll run',
  'epoll step',
  'epoll nested',
  'epoll thread',
  'rxjs(libuv) plain',
  'rxjs(epoll thread) plain',
  'custom loop',
  // Readiness that is not there is nothing: rule 3 of the contract.
  'spurious',
];

interface ServerArgument {
  readonly name: string;
  readonly wires: readonly Wire[];
  readonly adapter: string;
}

// Command 1 echoes, 2 sends as many messages as the payload says, 3 sends them until the ring is
// full and some more, 4 tells how often the queue was drained.
const serve: Task<ServerArgument> = async (tools, { name, wires, adapter }) => {
  const { IpcServer, adapterOf, say, told } = tools;
  const server = new IpcServer({ name, wires, adapter: await adapterOf(adapter) });
  let drains = 0;
  server.service(7, {
    connect: ({ pid }) => say('connected', pid),
    disconnect: ({ pid }) => say('disconnected', pid),
    requests: {
      1: ({ payload }) => payload,
      2: ({ payload, connection }) => {
        const count = payload.readUInt32LE();
        for (let number = 0; number < count; number += 1) connection.dispatch(number, 'message');
        return '';
      },
      3: ({ connection }) => {
        const body = Buffer.alloc(4000, 'flood');
        let number = 0;
        while (connection.dispatch(number, body)) number += 1;
        for (let more = 0; more < 50; more += 1) {
          number += 1;
          connection.dispatch(number, body);
        }
        const answer = Buffer.alloc(4);
        answer.writeUInt32LE(number + 1);
        return answer;
      },
      4: () => String(drains),
    },
  });
  server.on('drain', () => {
    drains += 1;
  });
  await server.listen();
  say('ready');
  await told();
  await server.close();
  say('closed');
};

interface ClientArgument {
  readonly speaks: Speaks;
  readonly job: string;
  readonly other: string;
  readonly adapter: string;
}

const use: Task<ClientArgument> = async (tools, { speaks, job, other, adapter: adapterName }) => {
  const { IpcClient, adapterOf, say, sleep, told } = tools;
  const adapter = await adapterOf(adapterName);
  const connect = (name: string) =>
    IpcClient.connect({ name, service: 7, ...speaks, adapter, dispatchBytes: 65536 });
  const check = (what: string, right: boolean) => {
    if (!right) throw new Error(`wrong: ${what}`);
  };
  const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);
  const same = (got: readonly number[], wanted: readonly number[]) =>
    JSON.stringify(got) === JSON.stringify(wanted);
  const u32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };

  const client = await connect(job);
  for (const number of numbers(50)) {
    check('callSync', client.callSync(1, `sync ${number}`).toString() === `sync ${number}`);
  }
  const answers = await Promise.all(numbers(50).map((number) => client.call(1, `call ${number}`)));
  check(
    'call',
    answers.every((answer, number) => answer.toString() === `call ${number}`),
  );

  const got: number[] = [];
  client.on('dispatch', ({ id }) => got.push(id));
  await client.call(2, u32(200));
  while (got.length < 200) await sleep(1);
  check('dispatch messages', same(got, numbers(200)));
  client.removeAllListeners('dispatch');

  // Nobody takes the messages: the server holds them back until somebody does.
  const flood = (await client.call(3)).readUInt32LE();
  check('held back messages', flood > 50);
  const taken: number[] = [];
  client.on('dispatch', ({ id, payload }) => taken.push(payload.length === 4000 ? id : -1));
  while (taken.length < flood) await sleep(1);
  check('held back messages', same(taken, numbers(flood)));
  while (client.flowControl) await sleep(1);
  while ((await client.call(4)).toString() === '0') await sleep(1);
  await client.close();
  say('done');

  const staying = await connect(job);
  const leaving = await connect(other);
  leaving.on('close', (error) => say('heard', error?.code ?? 'nothing'));
  say('linked');
  await told();
  check('the other server', (await staying.call(1, 'still')).toString() === 'still');
  check('the other server', staying.callSync(1, 'there').toString() === 'there');
  say('still there');
  await told();
};

const servers = (['native', 'classic 1.2'] as const).flatMap((over) =>
  ADAPTERS.map((adapter) => ({ over, adapter })),
);

test.each(servers)(
  'over $over, a server on $adapter does the whole job with clients on each',
  async ({ over, adapter }) => {
    const before = sharedFiles();
    const name = freshName();
    const other = freshName();
    const server = Child.start(serve, { name, wires: WIRES, adapter });
    const doomed = Child.start(serve, { name: other, wires: WIRES, adapter });
    await Promise.all([server.said('ready'), doomed.said('ready')]);
    const speaks = SPEAKS[over];
    const clients = ADAPTERS.map((mine) =>
      Child.start(use, { speaks, job: name, other, adapter: mine }),
    );
    const times = (what: string, pid: number): number =>
      server.values(what).filter((each) => each === pid).length;

    // A client that goes is noticed once, by its own close first.
    await Promise.all(clients.map((client) => client.said('linked')));
    for (const { pid } of clients) {
      await eventually(() => expect(times('connected', pid)).toBe(2));
      await eventually(() => expect(times('disconnected', pid)).toBe(1));
    }

    // A server that goes is noticed, and another one served on.
    doomed.kill();
    for (const client of clients) {
      expect(await client.said('heard')).toBe('ERR_COROIPC_LIBRARY');
      client.tell('go on');
    }
    await Promise.all(clients.map((client) => client.said('still there')));

    // A client that is killed is noticed, too.
    for (const client of clients) client.kill();
    for (const { pid } of clients) {
      await eventually(() => expect(times('disconnected', pid)).toBe(2));
    }
    server.tell('close');
    expect(await server.ended()).toMatchObject({ outcome: 0, errors: '' });
    for (const client of clients) expect((await client.ended()).errors).toBe('');
    await expectNoneLeft(before);
  },
);
