// Many calls on the native wire at once: how many are in flight, who waits, in which order answers
// come, and what becomes of those that are given up.

import { CS } from '@coroipc/core';
import { describe, expect, it } from 'vitest';
import { COMMAND, clientOf, rejected, startHolder, words } from './native-services.js';

const KIB = 1024;

describe('in flight', () => {
  it('as many as maxInFlight says, the rest waits, and each answer makes way for one', async () => {
    const { name, server, release } = await startHolder();
    const client = await clientOf(name, { maxInFlight: 4 });
    const order: number[] = [];
    const calls = Array.from({ length: 10 }, async (_, number) => {
      const answer = await client.call(COMMAND.HOLD, words(number));
      order.push(answer.readUInt32LE());
    });
    expect(client.stats()).toEqual({ inFlight: 4, waiting: 6, rejected: 0, lateAnswers: 0 });
    await server.said('held', 4);
    release(2);
    await server.said('held', 5);
    expect(client.stats()).toEqual({ inFlight: 4, waiting: 5, rejected: 0, lateAnswers: 0 });
    expect(server.values('held')).toEqual([0, 1, 2, 3, 4]);
    release(4, 0, 3, 1);
    await server.said('held', 9);
    release(8, 7, 6, 5);
    await server.said('held', 10);
    release(9);
    await Promise.all(calls);
    expect(order).toEqual([2, 4, 0, 3, 1, 8, 7, 6, 5, 9]);
    expect(server.values('held')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(client.stats()).toEqual({ inFlight: 0, waiting: 0, rejected: 0, lateAnswers: 0 });
  });

  it('256 when nothing is said, and no more than the server grants', async () => {
    const { name, server } = await startHolder();
    const client = await clientOf(name);
    const calls = Array.from({ length: 300 }, (_, number) =>
      rejected(client.call(COMMAND.HOLD, words(number))),
    );
    await server.said('held', 256);
    expect(client.stats()).toMatchObject({ inFlight: 256, waiting: 44 });
    await client.close();
    expect(new Set(await Promise.all(calls))).toEqual(new Set([CS.ERR_BAD_HANDLE]));

    const strict = await startHolder({ maxInFlight: 3 });
    const cut = await clientOf(strict.name, { maxInFlight: 1000 });
    const five = Array.from({ length: 5 }, (_, number) =>
      rejected(cut.call(COMMAND.HOLD, words(number))),
    );
    await strict.server.said('held', 3);
    expect(cut.stats()).toMatchObject({ inFlight: 3, waiting: 2 });
    strict.server.kill();
    expect(new Set(await Promise.all(five))).toEqual(new Set([CS.ERR_LIBRARY]));
    expect(cut.stats()).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it('a call that was started while others wait goes after them', async () => {
    const { name, server, release } = await startHolder();
    const client = await clientOf(name, { maxInFlight: 1 });
    const first = client.call(COMMAND.HOLD, words(1));
    const second = client.call(COMMAND.HOLD, words(2));
    // Started in the very moment that there is room.
    const third = first.then(() => client.call(COMMAND.HOLD, words(3)));
    release(1);
    for (const number of [1, 2, 3]) {
      await server.said('held', number);
      release(number);
    }
    await Promise.all([first, second, third]);
    expect(server.values('held')).toEqual([1, 2, 3]);
  });
});

describe('a queue beyond the room of the rings', () => {
  const rings = { requestBytes: 64 * KIB - 24, responseBytes: 64 * KIB - 24 };

  it('goes through, large payloads both ways', async () => {
    const { name } = await startHolder();
    const client = await clientOf(name, rings);
    const calls = Array.from({ length: 200 }, async (_, number) => {
      const payload = Buffer.alloc(1000 + ((number * 7919) % 64_000), number);
      payload.writeUInt32LE(number);
      expect((await client.call(COMMAND.ECHO, payload)).equals(payload)).toBe(true);
    });
    expect(client.stats().waiting).toBeGreaterThan(100);
    await Promise.all(calls);
    expect(client.stats()).toEqual({ inFlight: 0, waiting: 0, rejected: 0, lateAnswers: 0 });
  });

  it('answers that come all at once wait behind the ring, none is lost', async () => {
    const { name, server, release } = await startHolder();
    const client = await clientOf(name, rings);
    const numbers = Array.from({ length: 20 }, (_, number) => number);
    const calls = numbers.map(async (number) => {
      const payload = Buffer.alloc(60_000, number);
      payload.writeUInt32LE(number);
      expect((await client.call(COMMAND.HOLD, payload)).equals(payload)).toBe(true);
    });
    await server.said('held', numbers.length);
    release(...numbers);
    // All of them have left their handlers before one is read.
    await server.said('released');
    await Promise.all(calls);
    expect((await client.call(COMMAND.ECHO, 'still')).toString()).toBe('still');
  });
});

describe('calls that are given up', () => {
  it('in flight: the late answer is dropped and counted, then its place is free', async () => {
    const { name, server, release } = await startHolder();
    const client = await clientOf(name, { maxInFlight: 2 });
    const controller = new AbortController();
    const reason = new Error('the reason');
    const first = rejected(client.call(COMMAND.HOLD, words(1), { signal: controller.signal }));
    const second = rejected(client.call(COMMAND.HOLD, words(2), { timeoutMs: 50 }));
    await server.said('held', 2);
    const third = client.call(COMMAND.HOLD, words(3));
    controller.abort(reason);
    expect(await first).toBe(reason);
    expect(await second).toBe(CS.ERR_TIMEOUT);
    // The server still works on both, so there is no room yet.
    expect(client.stats()).toEqual({ inFlight: 0, waiting: 1, rejected: 0, lateAnswers: 0 });
    release(2);
    await server.said('held', 3);
    expect(client.stats()).toEqual({ inFlight: 1, waiting: 0, rejected: 0, lateAnswers: 1 });
    release(1, 3);
    expect((await third).readUInt32LE()).toBe(3);
    expect(client.stats()).toEqual({ inFlight: 0, waiting: 0, rejected: 0, lateAnswers: 2 });
  });

  it('waiting: the server never hears of them', async () => {
    const { name, server, release } = await startHolder();
    const client = await clientOf(name, { maxInFlight: 1 });
    const first = client.call(COMMAND.HOLD, words(1));
    const controller = new AbortController();
    const reason = new Error('the reason');
    const given = [
      rejected(client.call(COMMAND.HOLD, words(2), { timeoutMs: 20 })),
      rejected(client.call(COMMAND.HOLD, words(3), { signal: controller.signal })),
    ];
    const last = client.call(COMMAND.HOLD, words(4));
    expect(await given[0]).toBe(CS.ERR_TIMEOUT);
    controller.abort(reason);
    expect(await given[1]).toBe(reason);
    expect(client.stats()).toEqual({ inFlight: 1, waiting: 1, rejected: 0, lateAnswers: 0 });
    await server.said('held');
    release(1);
    await server.said('held', 2);
    release(4);
    expect((await first).readUInt32LE()).toBe(1);
    expect((await last).readUInt32LE()).toBe(4);
    expect(server.values('held')).toEqual([1, 4]);
    expect(client.stats()).toEqual({ inFlight: 0, waiting: 0, rejected: 0, lateAnswers: 0 });
  });

  it('10000 with random delays: each gets its own answer, or none', async () => {
    const { name } = await startHolder();
    const client = await clientOf(name);
    let givenUp = 0;
    const calls = Array.from({ length: 10_000 }, async (_, number) => {
      const delayMs = Math.floor(Math.random() * 8);
      const limits = number % 10 === 9 ? { timeoutMs: 40 } : {};
      try {
        const answer = await client.call(COMMAND.LATE, words(number, delayMs), limits);
        expect([answer.readUInt32LE(), answer.readUInt32LE(4)]).toEqual([number, delayMs]);
      } catch (error) {
        if (!('timeoutMs' in limits)) throw error;
        expect(error).toMatchObject({ status: CS.ERR_TIMEOUT });
        givenUp++;
      }
    });
    await Promise.all(calls);
    expect(givenUp).toBeGreaterThan(0);
    const places = Array.from({ length: 256 }, (_, number) =>
      client.call(COMMAND.LATE, words(number, 1)),
    );
    await Promise.all(places);
    // Every place is free again, whatever came late.
    expect(client.stats()).toMatchObject({ inFlight: 0, waiting: 0 });
    expect(client.stats().lateAnswers).toBeLessThanOrEqual(givenUp);
  });
});
