// kill -9 of either side, at rest and in the middle of everything: the other hears of it, holds
// nothing of it any more, and goes on.

import { afterAll, describe, expect, it } from 'vitest';
import { Child, type Task } from './child.js';
import { eventually, expectHoldings, expectNoneLeft, holdings, sharedFiles } from './machine.js';
import { COMMAND, SERVICE, startServer } from './services.js';
import { EVERY_WIRE, SPEAKS, type Speaks } from './wires.js';

const ADAPTERS = ['libuv', 'thread'] as const;

interface Argument {
  readonly name: string;
  readonly service: number;
  readonly speaks: Speaks;
  readonly adapter: (typeof ADAPTERS)[number];
  readonly command: typeof COMMAND;
  readonly what: string;
}

/**
 * A client that does one thing until the server is gone, after a first connection for the sake of
 * what a process makes once. Told anything, it connects again.
 */
const client: Task<Argument> = async (tools, argument) => {
  const { IpcClient, coroipcc, encodeRequest, decodeResponse, CoroIpcError, say, told } = tools;
  const { name, service, speaks, command, what } = argument;
  const adapter = tools.adapters[argument.adapter]();

  const connect = () =>
    IpcClient.connect({ name, service, ...speaks, adapter, dispatchBytes: 65536 });
  type Client = Awaited<ReturnType<typeof connect>>;
  const failed = (error: unknown) => {
    const status = CoroIpcError.is(error) ? error.status : String(error);
    say('error', { status, at: Date.now() });
  };
  const ended = (one: Client) =>
    new Promise<void>((resolve) => {
      one.on('close', (error) => {
        if (error === undefined) say('closed without an error');
        else failed(error);
        resolve();
      });
    });

  const people: Record<string, (one: Client) => unknown> = {
    rest: (one) => {
      const end = ended(one);
      say('at it');
      return end;
    },
    async calls(one) {
      for (let count = 0; ; count++) {
        await one.call(command.ECHO, 'x');
        if (count === 100) say('at it');
      }
    },
    callsSync(one) {
      for (let count = 0; ; count++) {
        one.callSync(command.ECHO, 'x');
        if (count === 1000) say('at it');
      }
    },
    async callPending(one) {
      const silence = one.call(command.SILENCE);
      setTimeout(() => say('at it'), 50);
      await silence;
    },
    async callsQueued(one) {
      const all = Array.from({ length: 5 }, () => one.call(command.SILENCE));
      setTimeout(() => say('at it'), 50);
      const results = await Promise.allSettled(all);
      for (const result of results) {
        if (result.status === 'fulfilled') throw new Error('an answer came');
      }
      await all[4];
    },
    callSyncBlocked(one) {
      say('at it');
      one.callSync(command.SILENCE);
    },
    async event(one) {
      const end = ended(one);
      let count = 0;
      one.on('dispatch', () => {
        count++;
        if (count === 100) say('at it');
      });
      await one.call(command.STREAM);
      await end;
    },
    async iterator(one) {
      await one.call(command.STREAM);
      let count = 0;
      for await (const _message of one.dispatches()) {
        count++;
        if (count === 100) say('at it');
      }
    },
    async iteratorIdle(one) {
      setTimeout(() => say('at it'), 50);
      for await (const _message of one.dispatches()) say('a message out of nowhere');
    },
    async ringFull(one) {
      const end = ended(one);
      await one.call(command.STREAM);
      for (;;) {
        const stats = JSON.parse((await one.call(command.STATS)).toString());
        if (stats.queuedMessages > 0) break;
      }
      say('at it');
      await end;
    },
  };

  const connectC = () => coroipcc.serviceConnect(name, service, 65536, 65536, 65536, speaks);
  type Handle = ReturnType<typeof connectC>;
  const c: Record<string, (handle: Handle) => unknown> = {
    cBlocked(handle) {
      say('at it');
      coroipcc.msgSendReplyReceive(handle, encodeRequest(command.SILENCE));
    },
    cCalls(handle) {
      for (let count = 0; ; count++) {
        coroipcc.msgSendReplyReceive(handle, encodeRequest(command.ECHO, 'x'));
        if (count === 1000) say('at it');
      }
    },
    cDispatchBlocked(handle) {
      say('at it');
      coroipcc.dispatchGet(handle);
    },
    cDispatches(handle) {
      coroipcc.msgSendReplyReceive(handle, encodeRequest(command.STREAM));
      for (let count = 0; ; count++) {
        coroipcc.dispatchRecv(handle);
        if (count === 1000) say('at it');
      }
    },
    async cRest(handle) {
      say('at it');
      await told();
      coroipcc.msgSendReplyReceive(handle, encodeRequest(command.ECHO, 'x'));
    },
    cZeroCopy(handle) {
      const buffer = coroipcc.zcbAlloc(handle, 4096, 16);
      buffer.set(encodeRequest(command.SILENCE, 'x'));
      say('at it');
      coroipcc.zcbMsgSendReplyReceive(handle, buffer);
    },
  };

  const warm = await connect();
  await warm.call(command.ECHO);
  await warm.close();
  coroipcc.serviceDisconnect(connectC());
  say('warm');
  await told();

  if (people[what] !== undefined) {
    const one = await connect();
    try {
      await people[what](one);
    } catch (error) {
      failed(error);
    }
    await one.close();
  } else {
    const handle = connectC();
    try {
      await c[what]?.(handle);
    } catch (error) {
      failed(error);
    }
    coroipcc.serviceDisconnect(handle);
  }
  say('over');
  await told();

  const again = await connect();
  say('again', (await again.call(command.ECHO, 'again')).toString());
  const handle = connectC();
  const answer = coroipcc.msgSendReplyReceive(handle, encodeRequest(command.ECHO, 'again'));
  say('again in C', decodeResponse(answer).error);
  coroipcc.serviceDisconnect(handle);
  await again.close();
};

const WITH_PEOPLE = [
  'rest',
  'calls',
  'callsSync',
  'callPending',
  'callsQueued',
  'callSyncBlocked',
  'event',
  'iterator',
  'iteratorIdle',
  'ringFull',
];
const IN_C = ['cBlocked', 'cCalls', 'cDispatchBlocked', 'cDispatches', 'cRest', 'cZeroCopy'];

const times: { killed: string; ms: number }[] = [];
afterAll(() => {
  for (const killed of ['server', 'client']) {
    const sorted = times.filter((one) => one.killed === killed).map(({ ms }) => ms);
    sorted.sort((a, b) => a - b);
    const middle = sorted[sorted.length >> 1];
    console.info(
      `killed ${killed}: heard of after ${middle} ms (middle), ${sorted.at(-1)} ms (most)`,
    );
  }
});

const cases = EVERY_WIRE.flatMap((over) => [
  ...WITH_PEOPLE.flatMap((what) => ADAPTERS.map((adapter) => ({ over, adapter, what }))),
  ...IN_C.map((what) => ({ over, adapter: 'libuv' as const, what })),
]);

describe.each(cases)('$what, $over, $adapter', ({ over, adapter, what }) => {
  const speaks = SPEAKS[over];

  it('a server that is killed', async () => {
    const files = sharedFiles();
    const { name, server } = await startServer({ adapter });
    const argument = { name, service: SERVICE, speaks, adapter, command: COMMAND, what };
    const one = Child.start(client, argument);
    await one.said('warm');
    await eventually(() => expect(server.count('disconnected')).toBe(2));
    const before = holdings(one.pid);

    one.tell('go');
    await one.said('at it');
    const killedAt = Date.now();
    server.kill();
    await server.ended();
    if (what === 'cRest') one.tell('call');
    const error = (await one.said('error')) as { status: number; at: number };
    expect(error.status).toBe(2);
    times.push({ killed: 'server', ms: error.at - killedAt });

    await one.said('over');
    await expectHoldings(one.pid, before);
    await expectNoneLeft(files);

    await startServer({ name, adapter });
    one.tell('again');
    expect(await one.said('again')).toBe('again');
    expect(await one.said('again in C')).toBe(1);
    expect((await one.ended()).outcome).toBe(0);
    await expectNoneLeft(files);
  });

  it('a client that is killed', async () => {
    const files = sharedFiles();
    const { name, server } = await startServer({ adapter });
    const argument = { name, service: SERVICE, speaks, adapter, command: COMMAND, what };
    const one = Child.start(client, argument);
    await one.said('warm');
    await eventually(() => expect(server.count('disconnected')).toBe(2));
    await eventually(() => expect(holdings(server.pid).mappings).toBe(0));
    const before = holdings(server.pid);

    one.tell('go');
    await one.said('at it');
    const killedAt = Date.now();
    one.kill();
    const heard = (await server.said('disconnected', 3)) as { pid: number; at: number };
    expect(heard.pid).toBe(one.pid);
    times.push({ killed: 'client', ms: heard.at - killedAt });
    await one.ended();
    await expectHoldings(server.pid, before);
    await expectNoneLeft(files);

    const next = Child.start(client, { ...argument, what: 'callPending' });
    await next.said('warm');
    expect(server.count('requestError')).toBe(0);
    server.tell('close');
    expect((await server.ended()).outcome).toBe(0);
  });
});
