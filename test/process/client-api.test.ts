// IpcClient in this process, its server in another: what calls, iterators, limits and signals do.

import { libuvPoll } from '@coroipc/adapter-libuv';
import {
  CoroIpcError,
  CS,
  type DispatchMessage,
  IpcClient,
  type IpcClientOptions,
  threadPoll,
} from '@coroipc/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freshName } from './child.js';
import { eventually, expectNoneLeft, sharedFiles } from './machine.js';
import { COMMAND, SERVICE, type Served, startServer } from './services.js';
import { EVERY_WIRE, SPEAKS } from './wires.js';

const ADAPTERS = { libuv: libuvPoll, thread: threadPoll };
const MIB = 1024 * 1024;

const matrix = EVERY_WIRE.flatMap((over) =>
  (['libuv', 'thread'] as const).map((adapter) => ({ over, adapter })),
);

const status = (error: unknown): unknown => (CoroIpcError.is(error) ? error.status : error);
const rejected = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => 'it was not rejected', status);
function thrown(step: () => unknown): unknown {
  try {
    step();
  } catch (error) {
    return status(error);
  }
  return 'it did not throw';
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

describe.each(matrix)('over $over, $adapter', ({ over, adapter }) => {
  async function connected(
    options: Partial<IpcClientOptions> = {},
  ): Promise<Served & { client: IpcClient }> {
    const served = await startServer({ adapter });
    const client = await IpcClient.connect({
      name: served.name,
      service: SERVICE,
      ...SPEAKS[over],
      adapter: ADAPTERS[adapter](),
      ...options,
    });
    onTestFinished(() => client.close());
    return { ...served, client };
  }
  const backlog = async (
    client: IpcClient,
  ): Promise<{ queuedMessages: number; dispatched: number }> =>
    JSON.parse((await client.call(COMMAND.STATS)).toString());

  it('knows its server', async () => {
    const { client, server, name } = await connected();
    const { wire } = SPEAKS[over];
    expect(client).toMatchObject({ name, wire, serverPid: server.pid, closed: false });
  });

  it('calls with payloads from nothing to the whole buffer, both ways', async () => {
    const { client } = await connected({ requestBytes: MIB + 16, responseBytes: MIB + 24 });
    for (const bytes of [0, 1, 7, 4096, 65537, MIB]) {
      const payload = Buffer.alloc(bytes, `${bytes}`);
      expect(client.callSync(COMMAND.ECHO, payload).equals(payload)).toBe(true);
      expect((await client.call(COMMAND.ECHO, payload)).equals(payload)).toBe(true);
    }
    expect(client.callSync(COMMAND.ECHO, 'wörter').toString()).toBe('wörter');
    // The native wire's rings are powers of two.
    const large = Buffer.alloc(2 * MIB);
    expect(thrown(() => client.callSync(COMMAND.ECHO, large))).toBe(CS.ERR_INVALID_PARAM);
    expect(await rejected(client.call(COMMAND.ECHO, large))).toBe(CS.ERR_INVALID_PARAM);
    expect(client.callSync(COMMAND.ECHO, 'still').toString()).toBe('still');
  });

  it('answers belong to their requests, whatever is mixed', async () => {
    const { client } = await connected();
    const order: number[] = [];
    const calls = Array.from({ length: 300 }, async (_, number) => {
      const answer = await client.call(COMMAND.ECHO, words(number));
      expect(answer.readUInt32LE()).toBe(number);
      order.push(number);
    });
    for (let number = 1000; number < 1100; number++) {
      expect(client.callSync(COMMAND.ECHO, words(number)).readUInt32LE()).toBe(number);
    }
    await Promise.all(calls);
    expect(order).toEqual(Array.from({ length: 300 }, (_, number) => number));
  });

  it('a payload may change as soon as call returns', async () => {
    const { client } = await connected();
    const payload = Buffer.alloc(100);
    const calls = Array.from({ length: 20 }, (_, number) => {
      payload.fill(number);
      return client.call(COMMAND.ECHO, payload);
    });
    for (const [number, answer] of (await Promise.all(calls)).entries()) {
      expect(answer.equals(Buffer.alloc(100, number))).toBe(true);
    }
  });

  if (over === 'native') {
    it('callSync has its answer before that of a call that is pending', async () => {
      const { client } = await connected();
      let answered = false;
      const late = client.call(COMMAND.LATE, words(300)).finally(() => {
        answered = true;
      });
      expect(client.callSync(COMMAND.ECHO, 'x').toString()).toBe('x');
      await new Promise(process.nextTick);
      expect(answered).toBe(false);
      expect((await late).readUInt32LE()).toBe(300);
    });

    it('callSync waits for room behind what fills the ring, or gives up', async () => {
      const { client, server } = await connected({ requestBytes: 4080 });
      const large = Buffer.alloc(3000, 'large');
      const calls = [1, 2, 3].map(() => client.call(COMMAND.ECHO, large));
      for (let round = 0; round < 100; round++) {
        expect(client.callSync(COMMAND.ECHO, large).equals(large)).toBe(true);
      }
      for (const answer of await Promise.all(calls)) expect(answer.equals(large)).toBe(true);
      server.kill('SIGSTOP');
      for (let round = 0; round < 3; round++) {
        const limit = { timeoutMs: 50 };
        expect(thrown(() => client.callSync(COMMAND.ECHO, large, limit))).toBe(CS.ERR_TIMEOUT);
      }
      server.kill('SIGCONT');
      expect(client.callSync(COMMAND.ECHO, large).equals(large)).toBe(true);
      await eventually(() => expect(client.stats().lateAnswers).toBeGreaterThan(0));
    });

    it('callSync never misses its answer among messages that its loop sleeps for', async () => {
      const { client } = await connected();
      let seen = 0;
      client.on('dispatch', () => void seen++);
      for (let round = 1; round <= 500; round++) {
        client.callSync(COMMAND.BURST, words(3, 8));
        client.callSync(COMMAND.ECHO, 'x', { timeoutMs: 20_000 });
        await eventually(() => expect(seen).toBe(3 * round));
      }
    });
  }

  it('callSync waits for its turn where one request is all that is in flight', async () => {
    const { client } = await connected({ maxInFlight: 1 });
    const late = client.call(COMMAND.LATE, words(200));
    expect(thrown(() => client.callSync(COMMAND.ECHO, 'x', { timeoutMs: 10 }))).toBe(
      CS.ERR_TIMEOUT,
    );
    expect(client.callSync(COMMAND.ECHO, 'after').toString()).toBe('after');
    expect((await late).readUInt32LE()).toBe(200);
  });

  it('statuses come as errors', async () => {
    const { client } = await connected();
    for (const code of [CS.ERR_TRY_AGAIN, CS.ERR_NO_SPACE, 4711]) {
      expect(thrown(() => client.callSync(COMMAND.STATUS, words(code)))).toBe(code);
      expect(await rejected(client.call(COMMAND.STATUS, words(code)))).toBe(code);
    }
    expect(thrown(() => client.callSync(65535))).toBe(CS.ERR_INVALID_PARAM);
    for (const id of [-1, 65536, 1.5, Number.NaN]) {
      expect(thrown(() => client.callSync(id))).toBeInstanceOf(RangeError);
      expect(thrown(() => client.call(id))).toBeInstanceOf(RangeError);
    }
  });

  it('time limits drop the late answer', async () => {
    const { client } = await connected();
    const late = words(150);
    const limit = { timeoutMs: 20 };
    expect(thrown(() => client.callSync(COMMAND.LATE, late, limit))).toBe(CS.ERR_TIMEOUT);
    expect(client.callSync(COMMAND.ECHO, 'next').toString()).toBe('next');
    const timedOut = rejected(client.call(COMMAND.LATE, late, limit));
    const behind = client.call(COMMAND.ECHO, 'behind');
    expect(await timedOut).toBe(CS.ERR_TIMEOUT);
    expect((await behind).toString()).toBe('behind');
  });

  it('a call that waits for its turn times out, and the one before it does not notice', async () => {
    const { client } = await connected({ maxInFlight: 1 });
    const limit = { timeoutMs: 20 };
    const before = client.call(COMMAND.LATE, words(100));
    expect(await rejected(client.call(COMMAND.ECHO, 'x', limit))).toBe(CS.ERR_TIMEOUT);
    expect((await before).readUInt32LE()).toBe(100);
  });

  it('signals end calls, waiting ones and outstanding ones, with their reason', async () => {
    const { client } = await connected();
    const reason = new Error('the reason');
    const aborted = { signal: AbortSignal.abort(reason) };
    expect(await rejected(client.call(COMMAND.ECHO, 'x', aborted))).toBe(reason);
    const controller = new AbortController();
    const { signal } = controller;
    const calls = [
      client.call(COMMAND.LATE, words(100), { signal }),
      client.call(COMMAND.ECHO, 'x', { signal }),
    ];
    const other = client.call(COMMAND.ECHO, 'other');
    controller.abort(reason);
    for (const call of calls) expect(await rejected(call)).toBe(reason);
    expect((await other).toString()).toBe('other');
  });

  it('dispatches come in order, as events and through iterators, however many', async () => {
    const { client } = await connected({ dispatchBytes: 8192 });
    const seen: number[] = [];
    client.on('dispatch', ({ payload }) => void seen.push(payload.readUInt32LE()));
    const iterators = [client.dispatches(), client.dispatches({ highWaterMark: 3 })];
    const count = 3000;
    await client.call(COMMAND.BURST, words(count, 100));
    const take = async (iterator: AsyncIterableIterator<DispatchMessage>) => {
      let expected = 0;
      for await (const { id, status, payload } of iterator) {
        expect([id, status, payload.length]).toEqual([expected, CS.OK, 100]);
        expect(payload.readUInt32LE()).toBe(expected);
        expect(payload[99]).toBe(expected & 0xff);
        expected++;
        if (expected === count) break;
      }
    };
    await Promise.all(iterators.map(take));
    expect(seen).toEqual(Array.from({ length: count }, (_, number) => number));
  });

  it('messages of more than half the ring', async () => {
    const { client } = await connected({ dispatchBytes: 8192 });
    const iterator = client.dispatches();
    await client.call(COMMAND.BURST, words(50, 5000));
    for (let expected = 0; expected < 50; expected++) {
      const { value } = await iterator.next();
      expect(value.payload.readUInt32LE()).toBe(expected);
      expect(value.payload.length).toBe(5000);
    }
  });

  it('messages of 1 MiB', async () => {
    const { client } = await connected({ dispatchBytes: 2 * MIB });
    const iterator = client.dispatches();
    await client.call(COMMAND.BURST, words(5, MIB));
    for (let expected = 0; expected < 5; expected++) {
      const { value } = await iterator.next();
      expect(value.payload.length).toBe(MIB);
      expect(value.payload[MIB - 1]).toBe(expected);
    }
  });

  it('a full iterator stops consuming, and the server holds back', async () => {
    const { client } = await connected({ dispatchBytes: 8192 });
    const flow: boolean[] = [];
    client.on('flowControl', (on) => void flow.push(on));
    const iterator = client.dispatches({ highWaterMark: 4 });
    const count = 500;
    // The others lie in the ring, or were read together with the first: 16 KiB at most.
    const least = count - (8192 + 16384) / 200;
    await client.call(COMMAND.BURST, words(count, 200));
    await eventually(async () =>
      expect((await backlog(client)).queuedMessages).toBeGreaterThan(least),
    );
    const rounds = async () => {
      for (let turn = 0; turn < 20; turn++) await client.call(COMMAND.ECHO);
      return (await backlog(client)).queuedMessages;
    };
    // The server fills the ring up once more when the iterator took its first messages.
    await eventually(async () => {
      const held = await rounds();
      expect(held).toBeGreaterThan(least);
      expect(await rounds()).toBe(held);
    });
    // On the oldest wire the news waits among what is not consumed.
    if (over !== 'classic 1.2') expect(client.flowControl).toBe(true);
    for (let expected = 0; expected < count; expected++) {
      expect((await iterator.next()).value.payload.readUInt32LE()).toBe(expected);
    }
    await eventually(() => expect(client.flowControl).toBe(false));
    expect((await backlog(client)).queuedMessages).toBe(0);
    expect(flow[0]).toBe(true);
    await eventually(() => expect(flow.at(-1)).toBe(false));
  });

  it('without a listener or an iterator nothing is consumed, and nothing is lost', async () => {
    const { client } = await connected({ dispatchBytes: 8192 });
    const count = 400;
    await client.call(COMMAND.BURST, words(count, 200));
    const early: number[] = [];
    const listener = ({ payload }: DispatchMessage) => void early.push(payload.readUInt32LE());
    client.once('dispatch', listener);
    await eventually(() => expect(early).toEqual([0]));
    for (let turn = 0; turn < 20; turn++) await client.call(COMMAND.ECHO);
    // What is not at the server lies in the ring, or was read together with the first: 16 KiB at most.
    expect((await backlog(client)).queuedMessages).toBeGreaterThan(count - (8192 + 16384) / 200);
    client.on('dispatch', listener);
    await eventually(() => expect(early.at(-1)).toBe(count - 1));
    expect(early).toEqual(Array.from({ length: count }, (_, number) => number));
  });

  it('an iterator ends by break, by return, by its signal', async () => {
    const { client } = await connected();
    const reason = new Error('the reason');
    const controller = new AbortController();
    const iterator = client.dispatches({ signal: controller.signal });
    const next = rejected(iterator.next());
    controller.abort(reason);
    expect(await next).toBe(reason);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    const second = client.dispatches();
    const waiting = second.next();
    await second.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await client.call(COMMAND.BURST, words(1, 4));
    for await (const { id } of client.dispatches()) {
      expect(id).toBe(0);
      break;
    }
  });

  it('what came before the end is delivered before the end is told', async () => {
    const { client, server } = await connected();
    const iterator = client.dispatches({ highWaterMark: 1 });
    await client.call(COMMAND.BURST, words(100, 100));
    await eventually(async () => expect((await backlog(client)).dispatched).toBe(100));
    server.kill();
    await server.ended();
    for (let expected = 0; expected < 100; expected++) {
      expect((await iterator.next()).value.payload.readUInt32LE()).toBe(expected);
    }
    expect(await rejected(iterator.next())).toBe(CS.ERR_LIBRARY);
    expect(client.closed).toBe(true);
    expect(thrown(() => client.callSync(COMMAND.ECHO))).toBe(CS.ERR_LIBRARY);
    expect(await rejected(client.call(COMMAND.ECHO))).toBe(CS.ERR_LIBRARY);
  });

  it('close rejects what waits, and Symbol.asyncDispose is close', async () => {
    const files = sharedFiles();
    const { client, server } = await connected();
    const calls = [COMMAND.SILENCE, COMMAND.SILENCE].map((id) => rejected(client.call(id)));
    await server.said('silent');
    const iterator = client.dispatches();
    const next = iterator.next();
    await client[Symbol.asyncDispose]();
    expect(await Promise.all(calls)).toEqual([CS.ERR_BAD_HANDLE, CS.ERR_BAD_HANDLE]);
    expect(await next).toEqual({ done: true, value: undefined });
    await server.said('disconnected');
    await expectNoneLeft(files);
  });
});

describe('connect', () => {
  it('rejects: nobody listens, no such service, a signal, a time limit', async () => {
    const files = sharedFiles();
    const name = freshName();
    await expect(IpcClient.connect({ name, service: 1 })).rejects.toMatchObject({
      status: CS.ERR_TRY_AGAIN,
      code: 'ERR_COROIPC_TRY_AGAIN',
      errno: 111,
      syscall: 'connect',
    });
    const served = await startServer();
    const unknown = IpcClient.connect({ name: served.name, service: SERVICE + 1 });
    expect(await rejected(unknown)).toBe(CS.ERR_NOT_EXIST);
    const reason = new Error('the reason');
    const signal = AbortSignal.abort(reason);
    const given = IpcClient.connect({ name: served.name, service: SERVICE, signal });
    expect(await rejected(given)).toBe(reason);
    // One that listens and does not answer.
    served.server.kill('SIGSTOP');
    const limit = { name: served.name, service: SERVICE, timeoutMs: 50 };
    expect(await rejected(IpcClient.connect(limit))).toBe(CS.ERR_TIMEOUT);
    const controller = new AbortController();
    const waiting = IpcClient.connect({ ...limit, timeoutMs: -1, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    expect(await rejected(waiting)).toBe(reason);
    await expectNoneLeft(files);
  });

  it('waits for a listener whose backlog is full', async () => {
    const { name, server } = await startServer();
    server.kill('SIGSTOP');
    const all = Array.from({ length: 300 }, () =>
      IpcClient.connect({ name, service: SERVICE, dispatchBytes: 4096, timeoutMs: -1 }),
    );
    server.kill('SIGCONT');
    const clients = await Promise.all(all);
    expect(clients.at(-1)?.callSync(COMMAND.ECHO, 'x').toString()).toBe('x');
    await Promise.all(clients.map((client) => client.close()));
  });

  it('a hostile answer to the handshake is an error, and nothing is left', async () => {
    const { name, server } = await startServer();
    server.kill('SIGSTOP');
    const connecting = rejected(IpcClient.connect({ name, service: SERVICE, timeoutMs: -1 }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.kill();
    expect(await connecting).toBe(CS.ERR_LIBRARY);
  });
});
