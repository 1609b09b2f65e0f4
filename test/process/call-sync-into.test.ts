// callSyncInto: the answer in memory of the caller's, over every wire, and nothing allocated for it.

import { CS, IpcClient, type IpcClientOptions } from '@coroipc/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Child, type Task } from './child.js';
import { thrown, words } from './native-services.js';
import { startZcb, SERVICE as ZCB_SERVICE } from './native-zcb.js';
import { COMMAND, SERVICE, startServer } from './services.js';
import { EVERY_WIRE, SPEAKS, type Speaks } from './wires.js';

async function clientOf(options: IpcClientOptions): Promise<IpcClient> {
  const client = await IpcClient.connect(options);
  onTestFinished(() => client.close());
  return client;
}

describe.each(EVERY_WIRE)('over %s', (over) => {
  async function start(): Promise<IpcClient> {
    const { name } = await startServer();
    return clientOf({ name, service: SERVICE, ...SPEAKS[over] });
  }

  it('writes the payload from the first byte on, and nothing behind it', async () => {
    const client = await start();
    for (const length of [0, 1, 64, 4072, 4073, 100_000]) {
      const payload = Buffer.alloc(length, 7);
      const memory = Buffer.alloc(length + 20, 1);
      const into = memory.subarray(10, length + 20);
      expect(client.callSyncInto(COMMAND.ECHO, payload, into)).toBe(length);
      expect(memory.subarray(10, length + 10).equals(payload)).toBe(true);
      expect([...memory.subarray(0, 10), ...memory.subarray(length + 10)]).toEqual(
        Array(20).fill(1),
      );
    }
  });

  it('takes the memory that the request was sent from', async () => {
    const client = await start();
    const both = Buffer.from('there and back');
    expect(client.callSyncInto(COMMAND.ECHO, both, both)).toBe(both.length);
    expect(both.toString()).toBe('there and back');
    expect(client.callSyncInto(COMMAND.ECHO, undefined, both)).toBe(0);
    expect(client.callSyncInto(COMMAND.ECHO, 'wörter', both)).toBe(7);
    expect(both.toString('utf8', 0, 7)).toBe('wörter');
  });

  it('says which answer is larger than the memory, and goes on', async () => {
    const client = await start();
    const ask = (bytes: number) => () => client.callSyncInto(COMMAND.ECHO, 'eight b.', into(bytes));
    expect(ask(7)).toThrow(/the answer to request 1 has 8 bytes, into has 7/);
    expect(thrown(ask(7))).toBe(CS.ERR_TOO_BIG);
    expect(thrown(ask(0))).toBe(CS.ERR_TOO_BIG);
    expect(ask(8)()).toBe(8);
  });

  it('throws the status of an answer, and when the time is over', async () => {
    const client = await start();
    const ask = (command: number, payload: Buffer, timeoutMs: number) => () =>
      client.callSyncInto(command, payload, into(16), { timeoutMs });
    expect(thrown(ask(COMMAND.STATUS, words(CS.ERR_NO_SPACE), -1))).toBe(CS.ERR_NO_SPACE);
    expect(thrown(ask(COMMAND.LATE, words(50), 1))).toBe(CS.ERR_TIMEOUT);
    // What was given up is answered all the same, later, and dropped.
    await vi.waitUntil(
      () => {
        expect(ask(COMMAND.ECHO, words(1, 2), 60_000)()).toBe(8);
        return client.stats().lateAnswers === 1;
      },
      { timeout: 60_000 },
    );
  });

  it('loses no call that is under way', async () => {
    const client = await start();
    const calls = [1, 2, 3].map((number) => client.call(COMMAND.ECHO, words(number)));
    expect(client.callSyncInto(COMMAND.ECHO, 'x', into(1))).toBe(1);
    const answers = await Promise.all(calls);
    expect(answers.map((answer) => answer.readUInt32LE())).toEqual([1, 2, 3]);
  });

  it('allocates nothing', async () => {
    const { name } = await startServer();
    const argument = { name, service: SERVICE, command: COMMAND.ECHO, speaks: SPEAKS[over] };
    const child = Child.start(count, argument, { node: ['--expose-gc'] });
    // The smallest object has eight bytes or more.
    expect(await child.said('allocated')).toBeLessThan(CALLS * 4);
  });
});

describe('with zero-copy buffers', () => {
  it.each([false, true])('of either side, inPlace: %s', async (inPlace) => {
    const { name } = await startZcb({ inPlace });
    const client = await clientOf({ name, service: ZCB_SERVICE, inPlace });
    const buffer = await client.createBuffer(5000);
    const answer = into(5000);
    // More often than there are buffers: each is given back.
    for (let round = 0; round < 100; round++) {
      buffer.bytes.fill(round);
      const ends = client.callSyncInto(ENDS, buffer, answer);
      expect(JSON.parse(answer.toString('utf8', 0, ends))).toEqual([5000, round, round]);
      const asked = JSON.stringify([3000, round]);
      expect(client.callSyncInto(ANSWER, asked, answer)).toBe(3000);
      expect([answer[0], answer[2999]]).toEqual([round, round]);
      buffer.bytes.write(asked);
      buffer.length = asked.length;
      expect(client.callSyncInto(ANSWER, buffer, answer)).toBe(3000);
      buffer.length = 5000;
    }
  });
});

describe('refuses', () => {
  it('memory that is none, and names it', async () => {
    const { name } = await startServer();
    const client = await clientOf({ name, service: SERVICE });
    for (const wrong of [undefined, null, 7, 'text', [], new ArrayBuffer(8), new Float64Array(1)]) {
      const ask = () => client.callSyncInto(COMMAND.ECHO, 'x', wrong as unknown as Buffer);
      expect(ask).toThrow(TypeError);
      expect(ask).toThrow(/^into must be a Uint8Array/);
    }
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    expect(() => client.callSyncInto(COMMAND.ECHO, 'x', shared)).toThrow(/into must not lie/);
  });

  it('memory that goes between the check and the call', async () => {
    const { name } = await startServer();
    const client = await clientOf({ name, service: SERVICE });
    const gone = new Uint8Array(64);
    const options = {
      get timeoutMs() {
        structuredClone(gone.buffer, { transfer: [gone.buffer] });
        return -1;
      },
    };
    expect(thrown(() => client.callSyncInto(COMMAND.ECHO, 'x', gone, options))).toBe(
      CS.ERR_TOO_BIG,
    );
    expect(client.callSync(COMMAND.ECHO, 'x').toString()).toBe('x');
  });

  it('a client that is closed', async () => {
    const { name } = await startServer();
    const client = await clientOf({ name, service: SERVICE });
    await client.close();
    const ask = () => client.callSyncInto(COMMAND.ECHO, 'x', into(8));
    expect(thrown(ask)).toBe(CS.ERR_BAD_HANDLE);
  });
});

const CALLS = 100_000;
const ENDS = 1;
const ANSWER = 2;

const into = (bytes: number): Buffer => Buffer.alloc(bytes);

interface CountArgument {
  readonly name: string;
  readonly service: number;
  readonly command: number;
  readonly speaks: Speaks;
}

// Bytes of the heap that so many calls took; a collection in between would show as less than nothing.
const count: Task<CountArgument> = async (tools, { name, service, command, speaks }) => {
  const client = await tools.IpcClient.connect({ name, service, ...speaks });
  const payload = Buffer.alloc(64, 7);
  const answer = Buffer.alloc(64);
  const calls = (left: number) => {
    for (let number = left; number > 0; number--) client.callSyncInto(command, payload, answer);
  };
  // Code is compiled, and recompiled, while it is new.
  for (let round = 0; round < 5; round++) calls(20_000);
  await tools.sleep(100);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  calls(100_000);
  tools.say('allocated', Math.abs(process.memoryUsage().heapUsed - before));
  await client.close();
};
