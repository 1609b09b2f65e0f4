// Zero-copy buffers of the API for people: what is sent in them arrives whole, memory is in the
// hands of one side at a time, and whoever errs gets an error.

import { createRequire } from 'node:module';
import {
  CS,
  IpcClient,
  type IpcClientOptions,
  type IpcConnection,
  IpcServer,
  type ZeroCopyBuffer,
} from '@coroipc/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { NativeAddon } from '../../packages/core/dist/native.js';
import { freshName } from './child.js';
import { rejected, thrown } from './native-services.js';
import { COMMAND, MIB, SERVICE, startZcb } from './native-zcb.js';

const native: NativeAddon = createRequire(import.meta.url)(
  `../../packages/core/prebuilds/${process.platform}-${process.arch}/coroipc.node`,
);

async function clientOf(name: string, options: Partial<IpcClientOptions> = {}): Promise<IpcClient> {
  const client = await IpcClient.connect({ name, service: SERVICE, ...options });
  onTestFinished(() => client.close());
  return client;
}

async function told(client: IpcClient, command: number, ...values: unknown[]): Promise<unknown> {
  return JSON.parse(String(await client.call(command, JSON.stringify(values))));
}

const json = (payload: Buffer): unknown => JSON.parse(String(payload));
const LENGTHS = [0, 1, 5000, MIB];

describe.each([false, true])('with inPlace: %s on both sides', (inPlace) => {
  it('requests of any length, blocking or not, one after the other in one buffer', async () => {
    const { name } = await startZcb({ inPlace });
    const client = await clientOf(name, { inPlace });
    const buffer = await client.createBuffer(MIB);
    expect([buffer.length, buffer.bytes.length]).toEqual([MIB, MIB]);
    for (const [round, length] of [...LENGTHS, ...LENGTHS].entries()) {
      buffer.bytes.fill(0);
      buffer.length = length;
      buffer.bytes.fill(2 * round + 1, 0, length);
      const ends = length === 0 ? [0, -1, -1] : [length, 2 * round + 1, 2 * round + 1];
      expect(json(client.callSync(COMMAND.ENDS, buffer))).toEqual(ends);
      expect(json(await client.call(COMMAND.ENDS, buffer))).toEqual(ends);
    }
  });

  it('requests in several buffers, and in one with the number of another that was freed', async () => {
    const { name } = await startZcb({ inPlace });
    const client = await clientOf(name, { inPlace });
    let value = 0;
    const filled = async (): Promise<ZeroCopyBuffer> => {
      const buffer = await client.createBuffer(1000);
      value += 1;
      buffer.bytes.fill(value);
      return buffer;
    };
    const expectSeen = (buffer: ZeroCopyBuffer): void => {
      const [byte] = buffer.bytes;
      expect(json(client.callSync(COMMAND.ENDS, buffer))).toEqual([1000, byte, byte]);
    };
    const numbers = vi.spyOn(native, 'clientBufferMemory');
    onTestFinished(() => numbers.mockRestore());
    const other = await filled();
    let last = await filled();
    for (let round = 0; round < 5; round += 1) {
      for (const buffer of [last, other, other, last]) expectSeen(buffer);
      const number = numbers.mock.lastCall?.[1];
      expect(number).toBeTypeOf('number');
      last.free();
      last = await filled();
      expect(numbers.mock.lastCall?.[1]).toBe(number);
    }
  });

  it('answers and dispatch messages of any length', async () => {
    const { name } = await startZcb({ inPlace });
    const client = await clientOf(name, { inPlace });
    const messages = client.dispatches();
    for (const [round, length] of LENGTHS.entries()) {
      const whole = Buffer.alloc(length, round + 1);
      const asked = JSON.stringify([length, round + 1, 1]);
      for (const answer of [
        client.callSync(COMMAND.ANSWER, asked),
        await client.call(COMMAND.ANSWER, asked),
      ]) {
        expect(answer.equals(whole)).toBe(true);
        expect(client.release(answer)).toBe(inPlace);
        expect(client.release(answer)).toBe(false);
      }
      await client.call(COMMAND.SEND, asked);
      const { value: message } = await messages.next();
      expect(message.payload.equals(whole)).toBe(true);
      expect(client.release(message.payload)).toBe(inPlace);
    }
    expect(await told(client, COMMAND.STATE)).toEqual([false, LENGTHS.length]);
  });

  it('among pipelined calls with bytes that are copied', async () => {
    const { name } = await startZcb({ inPlace });
    const client = await clientOf(name, { inPlace });
    const buffers = await Promise.all([1, 2, 3].map(() => client.createBuffer(MIB)));
    for (const [number, buffer] of buffers.entries()) buffer.bytes.fill(number);
    const call = async (payload: Buffer | ZeroCopyBuffer, number: number) => {
      const [length] = json(await client.call(COMMAND.ENDS, payload)) as number[];
      expect(length).toBe(number);
    };
    for (let round = 0; round < 20; round++) {
      const calls = Array.from({ length: 30 }, (_, bytes) => call(Buffer.alloc(bytes), bytes));
      for (const buffer of buffers) calls.push(call(buffer, MIB));
      expect(json(client.callSync(COMMAND.ENDS, 'sync'))).toEqual([4, 115, 99]);
      await Promise.all(calls);
    }
    expect(client.stats()).toEqual({ inFlight: 0, waiting: 0, rejected: 0, lateAnswers: 0 });
  });
});

describe('memory that is in use', () => {
  it('a request that waits for its answer: BUSY to send, BUSY to free', async () => {
    const { name, server } = await startZcb({ inPlace: true });
    const client = await clientOf(name);
    const buffer = await client.createBuffer(100);
    buffer.bytes.fill(9);
    const held = client.call(COMMAND.HOLD, buffer);
    expect(buffer.busy).toBe(true);
    expect(await rejected(client.call(COMMAND.ENDS, buffer))).toBe(CS.ERR_BUSY);
    expect(thrown(() => client.callSync(COMMAND.ENDS, buffer))).toBe(CS.ERR_BUSY);
    expect(thrown(() => buffer.free())).toBe(CS.ERR_BUSY);
    await server.said('held');
    await client.call(COMMAND.OPEN);
    expect(json(await held)).toBe(9);
    expect(buffer.busy).toBe(false);
    expect(json(client.callSync(COMMAND.ENDS, buffer))).toEqual([100, 9, 9]);
    buffer.free();
    expect(buffer.busy).toBe(false);
  });

  it('a request that was given up: busy until the server has answered', async () => {
    const { name, server } = await startZcb({ inPlace: true });
    const client = await clientOf(name);
    const buffer = await client.createBuffer(100);
    expect(await rejected(client.call(COMMAND.HOLD, buffer, { timeoutMs: 20 }))).toBe(
      CS.ERR_TIMEOUT,
    );
    await server.said('held');
    expect(buffer.busy).toBe(true);
    await client.call(COMMAND.OPEN);
    while (buffer.busy) await client.call(COMMAND.ENDS);
    expect(client.stats().lateAnswers).toBe(1);
    buffer.free();
  });

  it('messages of the server that are not released: its buffer is busy till the last', async () => {
    const { name } = await startZcb();
    const client = await clientOf(name, { inPlace: true });
    const messages = client.dispatches();
    await client.call(COMMAND.SEND, JSON.stringify([1000, 5, 2]));
    const payloads = [(await messages.next()).value.payload, (await messages.next()).value.payload];
    expect(await told(client, COMMAND.STATE)).toEqual([true, 5]);
    expect(client.release(payloads[1])).toBe(true);
    expect(await told(client, COMMAND.STATE)).toEqual([true, 5]);
    expect(await told(client, COMMAND.TRY, 'free')).toBe(CS.ERR_BUSY);
    expect(client.release(payloads[0])).toBe(true);
    expect(await told(client, COMMAND.STATE)).toEqual([false, 5]);
    expect(await told(client, COMMAND.TRY, 'free')).toBe(0);
  });

  it('a stray write where a message lies is seen by the one who wrote, and harms nobody', async () => {
    const { name } = await startZcb({ inPlace: true });
    const client = await clientOf(name, { inPlace: true });
    const buffer = await client.createBuffer(MIB);
    buffer.bytes.fill(3);
    expect(json(client.callSync(COMMAND.SCRIBBLE, buffer))).toBe(255);
    expect(buffer.bytes.equals(Buffer.alloc(MIB, 3))).toBe(true);
    const answer = await client.call(COMMAND.ANSWER, JSON.stringify([MIB, 4]));
    answer.fill(77);
    expect(await told(client, COMMAND.STATE)).toEqual([true, 4]);
    expect(answer.equals(Buffer.alloc(MIB, 77))).toBe(true);
    client.release(answer);
    expect(await told(client, COMMAND.STATE)).toEqual([false, 4]);
  });
});

describe('a buffer of a server', () => {
  it('is taken by a client that waits for nothing, and by one that is paused', async () => {
    const name = freshName();
    const server = new IpcServer({ name });
    server.service(SERVICE, { requests: {} });
    await server.listen();
    onTestFinished(() => server.close());
    const connected = new Promise<IpcConnection>((resolve) => server.on('connection', resolve));
    const client = await clientOf(name);
    const connection = await connected;
    expect((await connection.createBuffer(1000)).bytes.length).toBe(1000);
    client.onMessage({ message: () => {} }).pause();
    expect((await connection.createBuffer(2000)).bytes.length).toBe(2000);
  });
});

describe('the end of a buffer', () => {
  const expectKept = (buffer: ZeroCopyBuffer, answer: Buffer): void => {
    expect(buffer.busy).toBe(false);
    expect(buffer.bytes.equals(Buffer.alloc(1000, 1))).toBe(true);
    expect(answer.equals(Buffer.alloc(100, 4))).toBe(true);
  };

  it('free: bytes is empty, nothing can be sent, and a second free does nothing', async () => {
    const { name } = await startZcb();
    const client = await clientOf(name);
    const buffer = await client.createBuffer(1000);
    const part = buffer.bytes.fill(1).subarray(10, 20);
    buffer.free();
    buffer.free();
    expect(buffer.bytes.length).toBe(0);
    // Who has kept a view has memory there, and nobody else sees it.
    expect(part.equals(Buffer.alloc(10))).toBe(true);
    part.fill(2);
    expect(thrown(() => client.callSync(COMMAND.ENDS, buffer))).toBe(CS.ERR_BAD_HANDLE);
    expect(thrown(() => client.call(COMMAND.ENDS, buffer))).toBe(CS.ERR_BAD_HANDLE);
    expect(await told(client, COMMAND.TRY, 'freeAndSend')).toBe(CS.ERR_BAD_HANDLE);
    // The number is used again, the old object stays what it is.
    const next = await client.createBuffer(1000);
    next.bytes.fill(1);
    expect(thrown(() => client.callSync(COMMAND.ENDS, buffer))).toBe(CS.ERR_BAD_HANDLE);
    expect(json(client.callSync(COMMAND.ENDS, next))).toEqual([1000, 1, 1]);
    expect(part.equals(Buffer.alloc(10, 2))).toBe(true);
  });

  it('close: what lies there stays to be looked at, and free does nothing but let go of it', async () => {
    const { name, server } = await startZcb({ inPlace: true });
    const client = await clientOf(name, { inPlace: true });
    const buffer = await client.createBuffer(1000);
    buffer.bytes.fill(1);
    const answer = await client.call(COMMAND.ANSWER, JSON.stringify([100, 4]));
    const held = rejected(client.call(COMMAND.HOLD, buffer));
    const offered = rejected(client.createBuffer(1000));
    await client.close();
    expectKept(buffer, answer);
    expect(await Promise.all([held, offered])).toEqual([CS.ERR_BAD_HANDLE, CS.ERR_BAD_HANDLE]);
    buffer.free();
    expect(buffer.bytes.length).toBe(0);
    expect(await rejected(client.createBuffer(1000))).toBe(CS.ERR_BAD_HANDLE);
    expect(await server.said('disconnected')).toEqual([MIB, 0, false]);
  });

  it('the server goes: who takes in place what had arrived can release it, and after close, too', async () => {
    const { name } = await startZcb();
    const client = await clientOf(name, { inPlace: true });
    const released: boolean[] = [];
    const payloads: Buffer[] = [];
    const subscription = client.onMessage({
      message: ({ payload }) => {
        released.push(client.release(payload));
        payloads.push(payload);
      },
    });
    subscription.pause();
    await client.call(COMMAND.SEND, JSON.stringify([1000, 5, 3]));
    const over = new Promise((resolve) => client.on('close', resolve));
    client.call(COMMAND.END).catch(() => {});
    await over;
    expect(released).toEqual([true, true, true]);
    expect(payloads.map((payload) => client.release(payload))).toEqual([false, false, false]);
  });

  it('the server ends the connection: likewise', async () => {
    const { name } = await startZcb();
    const client = await clientOf(name, { inPlace: true });
    const buffer = await client.createBuffer(1000);
    buffer.bytes.fill(1);
    const answer = await client.call(COMMAND.ANSWER, JSON.stringify([100, 4]));
    const over = new Promise((resolve) => client.on('close', resolve));
    expect(await rejected(client.call(COMMAND.END, buffer))).toBe(CS.ERR_LIBRARY);
    await over;
    expectKept(buffer, answer);
    buffer.free();
    expect(buffer.bytes.length).toBe(0);
  });
});

describe('what is refused', () => {
  it('more buffers, or larger ones, than the server takes; the connection lives', async () => {
    const limits = { maxZeroCopyBuffers: 2, maxBufferBytes: MIB };
    const { name } = await startZcb({ limits });
    const client = await clientOf(name, { requestBytes: 65536, dispatchBytes: 65536 });
    expect(await rejected(client.createBuffer(MIB))).toBe(CS.ERR_TOO_BIG);
    const first = await client.createBuffer(MIB - 24);
    const second = await client.createBuffer(1);
    expect(await rejected(client.createBuffer(1))).toBe(CS.ERR_NO_RESOURCES);
    first.free();
    const third = await client.createBuffer(2);
    for (const buffer of [second, third]) {
      buffer.bytes.fill(1);
      expect(json(client.callSync(COMMAND.ENDS, buffer))).toEqual([buffer.length, 1, 1]);
    }
  });

  it('of a server: more than the client takes', async () => {
    const { name } = await startZcb();
    const client = await clientOf(name);
    expect(await told(client, COMMAND.TRY, 'make', 65 * MIB)).toBe(CS.ERR_TOO_BIG);
    for (let left = 16; left > 0; left--)
      expect(await told(client, COMMAND.TRY, 'make', 1)).toBe(0);
    expect(await told(client, COMMAND.TRY, 'make', 1)).toBe(CS.ERR_NO_RESOURCES);
  });

  it('a buffer of another connection, on either side', async () => {
    const { name } = await startZcb();
    const [one, other] = [await clientOf(name), await clientOf(name)];
    const buffer = await one.createBuffer(10);
    expect(thrown(() => other.callSync(COMMAND.ENDS, buffer))).toBe(CS.ERR_INVALID_PARAM);
    expect(thrown(() => other.call(COMMAND.ENDS, buffer))).toBe(CS.ERR_INVALID_PARAM);
    // Nor one that was put together.
    const forged = Object.create(Object.getPrototypeOf(buffer)) as ZeroCopyBuffer;
    expect(thrown(() => other.callSync(COMMAND.ENDS, forged))).toBe(CS.ERR_INVALID_PARAM);
    expect(await told(one, COMMAND.TRY, 'lend')).toBe(0);
    expect(await told(other, COMMAND.TRY, 'borrowed')).toBe(CS.ERR_INVALID_PARAM);
    expect(await told(one, COMMAND.TRY, 'borrowed')).toBe(0);
  });

  it('sizes that are none, by name and range', async () => {
    const { name } = await startZcb();
    const client = await clientOf(name);
    for (const bytes of [0, -1, 2 ** 30 - 65_535, Number.MAX_SAFE_INTEGER])
      expect(() => client.createBuffer(bytes)).toThrow(/^bytes .*1 to 1073676288.*/);
    for (const bytes of [1.5, '1', undefined, null, 1n])
      expect(() => client.createBuffer(bytes as number)).toThrow(/^bytes /);
    const buffer = await client.createBuffer(10);
    for (const length of [-1, 11]) {
      expect(() => {
        buffer.length = length;
      }).toThrow(RangeError);
    }
    expect(buffer.length).toBe(10);
  });

  it.each(['1.2', '1.4'] as const)('all of it on the classic wire %s', async (generation) => {
    const { name } = await startZcb();
    const client = await clientOf(name, { generation });
    expect(await rejected(client.createBuffer(10))).toBe(CS.ERR_NOT_SUPPORTED);
    expect(await told(client, COMMAND.TRY, 'make', 10)).toBe(CS.ERR_NOT_SUPPORTED);
    expect(client.release(Buffer.alloc(1))).toBe(false);
  });
});
