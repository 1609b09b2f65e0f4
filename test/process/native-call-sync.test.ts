// callSync on the native wire while promises are pending: it passes them by, none is lost, and each
// gets its own answer.

import { CS, coroipcc, encodeRequest, type IpcClient } from '@coroipc/core';
import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import {
  COMMAND,
  clientOf,
  rejected,
  SERVICE,
  startHolder,
  thrown,
  words,
} from './native-services.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

/** Calls `number` of a command, and keeps the order in which they were answered. */
function calling(client: IpcClient, command: number, count: number, order: number[]) {
  return numbers(count).map(async (number) => {
    const answer = await client.call(command, words(number));
    expect(answer.readUInt32LE()).toBe(number);
    order.push(number);
  });
}

function echo(client: IpcClient, text: string, timeoutMs = -1): void {
  expect(client.callSync(COMMAND.ECHO, text, { timeoutMs }).toString()).toBe(text);
}

describe('callSync while promises are pending', () => {
  it('returns before they are answered, and they are answered all the same', async () => {
    const { name, server, release } = await startHolder();
    const client = await clientOf(name);
    const order: number[] = [];
    const calls = calling(client, COMMAND.HOLD, 20, order);
    for (const number of numbers(100)) echo(client, `past ${number}`);
    expect(client.stats()).toMatchObject({ inFlight: 20, waiting: 0 });
    expect(order).toEqual([]);
    await server.said('held', 20);
    release(...numbers(20).reverse());
    await Promise.all(calls);
    expect(order).toEqual(numbers(20).reverse());
  });

  // A client that has slept finds the later answer in its ring, too, when it looks.
  it.each([0, 100])(
    'answers that it met are given out in their order, and before later ones, %i ms after',
    async (ms) => {
      const { name } = await startHolder();
      const client = await clientOf(name);
      const order: number[] = [];
      const calls = calling(client, COMMAND.ECHO, 50, order);
      // The server serves in order: all the answers came before this one.
      echo(client, 'met fifty');
      expect(order).toEqual([]);
      const later = client.call(COMMAND.ECHO, words(50)).then(() => order.push(50));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      await Promise.all([...calls, later]);
      expect(order).toEqual(numbers(51));
    },
  );

  it('with calls that wait for room in the rings, large ones', async () => {
    const { name } = await startHolder();
    const rings = { requestBytes: 65_520, responseBytes: 65_520 };
    const client = await clientOf(name, rings);
    const calls = numbers(60).map(async (number) => {
      const payload = Buffer.alloc(30_000, number);
      expect((await client.call(COMMAND.ECHO, payload)).equals(payload)).toBe(true);
    });
    expect(client.stats().waiting).toBeGreaterThan(0);
    for (const number of numbers(30)) {
      const payload = Buffer.alloc(40_000, 100 + number);
      expect(client.callSync(COMMAND.ECHO, payload).equals(payload)).toBe(true);
    }
    await Promise.all(calls);
    expect(client.stats()).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it('from a then, and from a listener of dispatch messages', async () => {
    const { name } = await startHolder();
    const client = await clientOf(name);
    const order: number[] = [];
    const nested = numbers(50).map((number) =>
      client.call(COMMAND.ECHO, words(number)).then((answer) => {
        echo(client, `within ${number}`);
        order.push(answer.readUInt32LE());
      }),
    );
    const messages: number[] = [];
    client.on('dispatch', ({ payload }) => {
      echo(client, 'within a message');
      messages.push(payload.readUInt32LE());
    });
    const burst = client.call(COMMAND.BURST, words(300, 50));
    await Promise.all([...nested, burst]);
    await expect.poll(() => messages.length, { timeout: 60_000 }).toBe(300);
    expect(messages).toEqual(numbers(300));
    expect(order).toEqual(numbers(50));
  });

  it('gives up by its time limit, and nothing is mixed up afterwards', async () => {
    const { name, server, release } = await startHolder();
    const client = await clientOf(name);
    const calls = calling(client, COMMAND.ECHO, 10, []);
    const held = () => client.callSync(COMMAND.HOLD, words(1), { timeoutMs: 20 });
    expect(thrown(held)).toBe(CS.ERR_TIMEOUT);
    echo(client, 'after');
    release(1);
    await server.said('released');
    echo(client, 'after the late answer');
    await Promise.all(calls);
    expect(client.stats()).toEqual({ inFlight: 0, waiting: 0, rejected: 0, lateAnswers: 1 });
  });
});

describe('callSync while maxInFlight are in flight', () => {
  it('waits for whichever is answered first, and goes before those that wait', async () => {
    const { name, server, release } = await startHolder();
    const client = await clientOf(name, { maxInFlight: 2 });
    const order: string[] = [];
    const never = rejected(client.call(COMMAND.HOLD, words(1)));
    const late = client.call(COMMAND.LATE, words(2, 100)).then(() => order.push('late'));
    const waiting = client.call(COMMAND.ECHO, words(3)).then(() => order.push('waiting'));
    echo(client, 'second place');
    expect(order).toEqual([]);
    await Promise.all([late, waiting]);
    expect(order).toEqual(['late', 'waiting']);
    expect(client.stats()).toMatchObject({ inFlight: 1, waiting: 0 });
    await server.said('held');
    release(1);
    expect(await never).toBe('it was not rejected');
  });

  it('keeps its time limit, and the others their places', async () => {
    const { name, server, release } = await startHolder();
    const client = await clientOf(name, { maxInFlight: 2 });
    const calls = calling(client, COMMAND.HOLD, 3, []);
    for (const timeoutMs of [0, 1, 30]) {
      const once = () => client.callSync(COMMAND.ECHO, 'x', { timeoutMs });
      expect(thrown(once)).toBe(CS.ERR_TIMEOUT);
    }
    expect(client.stats()).toEqual({ inFlight: 2, waiting: 1, rejected: 0, lateAnswers: 0 });
    await server.said('held', 2);
    release(0, 1);
    await server.said('held', 3);
    release(2);
    await Promise.all(calls);
    echo(client, 'free');
  });

  it('waits for late answers of calls that were given up, too', async () => {
    const { name } = await startHolder();
    const client = await clientOf(name, { maxInFlight: 2 });
    for (const number of [1, 2]) {
      const late = client.call(COMMAND.LATE, words(number, 200), { timeoutMs: 1 });
      expect(await rejected(late)).toBe(CS.ERR_TIMEOUT);
    }
    expect(thrown(() => client.callSync(COMMAND.ECHO, 'x', { timeoutMs: 1 }))).toBe(CS.ERR_TIMEOUT);
    echo(client, 'after them');
    expect(client.stats().lateAnswers).toBeGreaterThan(0);
  });

  it('a call of coroipcc that was given up leaves the connection usable', async () => {
    const { name } = await startHolder();
    const handle = coroipcc.serviceConnect(name, SERVICE, 8192, 8192, 8192);
    const late = encodeRequest(COMMAND.LATE, words(1, 200));
    const call = (timeoutMs: number) =>
      coroipcc.msgSendReplyReceive(handle, late, undefined, { timeoutMs });
    expect(thrown(() => call(5))).toBe(CS.ERR_TIMEOUT);
    expect(thrown(() => call(5))).toBe(CS.ERR_TIMEOUT);
    const answer = coroipcc.msgSendReplyReceive(handle, encodeRequest(COMMAND.ECHO, 'next'));
    expect(answer.subarray(24).toString()).toBe('next');
    coroipcc.serviceDisconnect(handle);
  });

  it('a server that is killed ends it', async () => {
    const { name, server } = await startHolder();
    const client = await clientOf(name, { maxInFlight: 1 });
    const call = rejected(client.call(COMMAND.HOLD, words(1)));
    await server.said('held');
    server.kill();
    expect(thrown(() => client.callSync(COMMAND.ECHO, 'x'))).toBe(CS.ERR_LIBRARY);
    expect(await call).toBe(CS.ERR_LIBRARY);
  });
});

it('callSync within the handlers of a server that is a client itself', async () => {
  const { name } = await startHolder();
  const task: Task<{ name: string; between: string; echo: number; service: number }> = async (
    { IpcServer, IpcClient, say, told },
    { name, between, echo, service },
  ) => {
    const behind = await IpcClient.connect({ name, service });
    const server = new IpcServer({ name: between });
    server.service(service, {
      requests: {
        // One that blocks, and one that is pending while others block.
        1: ({ payload }) => behind.callSync(echo, payload),
        2: ({ payload }) => behind.call(echo, payload),
      },
    });
    await server.listen();
    say('ready');
    await told();
    await Promise.all([server.close(), behind.close()]);
  };

  const between = freshName();
  const middle = Child.start(task, { name, between, echo: COMMAND.ECHO, service: SERVICE });
  await middle.said('ready');
  const client = await clientOf(between);
  const calls = numbers(400).map(async (number) => {
    const answer = await client.call(1 + (number % 2), words(number));
    expect(answer.readUInt32LE()).toBe(number);
  });
  for (const number of numbers(50)) {
    expect(client.callSync(1 + (number % 2), words(number)).readUInt32LE()).toBe(number);
  }
  await Promise.all(calls);
  middle.tell('close');
  expect(await middle.ended()).toMatchObject({ outcome: 0, errors: '' });
});
