// Payloads on the native wire: every size around an edge arrives whole, both ways and as a dispatch
// message, and what a user does to the memory of one that arrived harms no message that comes later.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { CS, IpcClient } from '@coroipc/core';
import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { sharedFiles } from './machine.js';
import { clientOf, rejected, thrown } from './native-services.js';
import { returned } from './returned.js';

/** What the descriptors of a process are; one that is closed meanwhile is none. */
function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return '';
    }
  });
}

const WIRES = ['native', 'classic'] as const;
type Wire = (typeof WIRES)[number];
const MIB = 1024 * 1024;
const SERVICE = 3;
/** What of the ring of 1 MiB is not the payload's: a record's and a message's header. */
const AROUND_REQUEST = 24 + 16;
const AROUND_ANSWER = 24 + 24;

const edges = (...values: number[]): number[] =>
  values.flatMap((value) => [-25, -24, -17, -16, -8, -1, 0, 1, 8].map((by) => value + by));
const SIZES = [0, 1, 7, 8, 9, ...edges(4080, 4096, 16_384, 65_536), MIB - AROUND_ANSWER];

interface Argument {
  readonly name: string;
  readonly service: number;
}

interface Served extends Argument {
  readonly wires: readonly Wire[];
}

// Echoes as an answer and as a dispatch message.
const serve: Task<Served> = async ({ IpcServer, say }, { name, service, wires }) => {
  const server = new IpcServer({ name, wires });
  server.service(service, {
    requests: {
      1: ({ payload }) => payload,
      2: ({ payload, connection }) => {
        connection.dispatch(2, payload);
        return '';
      },
      3: ({ payload }) => Buffer.alloc(payload.readUInt32LE(), 3),
    },
  });
  server.on('requestError', (error) => say('requestError', String(error)));
  await server.listen();
  say('ready');
};

async function started(
  wires: readonly Wire[] = ['native'],
): Promise<{ name: string; server: Child }> {
  const name = freshName();
  const server = Child.start(serve, { name, service: SERVICE, wires });
  await server.said('ready');
  return { name, server };
}

/** Bytes of which no two places look alike. */
function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >> 8) * 17 + size) & 0xff;
  return bytes;
}

describe('sizes', () => {
  it('around every edge, as calls of both kinds and as dispatch messages', async () => {
    const { name } = await started();
    const client = await clientOf(name);
    const iterator = client.dispatches();
    for (const size of SIZES) {
      const payload = pattern(size);
      expect(client.callSync(1, payload).equals(payload), `${size} in callSync`).toBe(true);
      expect((await client.call(1, payload)).equals(payload), `${size} in call`).toBe(true);
      await client.call(2, payload);
      const { value } = await iterator.next();
      expect(value.payload.equals(payload), `${size} dispatched`).toBe(true);
    }
  });

  it('the largest request and answer pass, one byte more is refused', async () => {
    const { name, server } = await started();
    const client = await clientOf(name);
    const most = MIB - AROUND_REQUEST;
    // The answer to that, as large, would not fit: it is the server's to say so.
    expect(thrown(() => client.callSync(1, Buffer.alloc(most)))).toBe(CS.ERR_TOO_BIG);
    expect(thrown(() => client.callSync(1, Buffer.alloc(most + 1)))).toBe(CS.ERR_INVALID_PARAM);
    expect(await rejected(client.call(1, Buffer.alloc(most + 1)))).toBe(CS.ERR_INVALID_PARAM);
    const asked = Buffer.alloc(4);
    asked.writeUInt32LE(MIB - AROUND_ANSWER);
    expect(client.callSync(3, asked).equals(Buffer.alloc(MIB - AROUND_ANSWER, 3))).toBe(true);
    asked.writeUInt32LE(MIB - AROUND_ANSWER + 1);
    expect(await rejected(client.call(3, asked))).toBe(CS.ERR_TOO_BIG);
    expect(client.callSync(1, 'still').toString()).toBe('still');
    await server.said('requestError', 2);
  });

  it.each(WIRES)('from memory that threads share, over %s', async (wire) => {
    const { name } = await started([wire]);
    const client = await clientOf(name, { wire });
    const iterator = client.dispatches();
    for (const size of [0, 1, 64, 4096, 4097, 100_000]) {
      const shared = new SharedArrayBuffer(size);
      new Uint8Array(shared).set(pattern(size));
      for (const payload of [new Uint8Array(shared), Buffer.from(shared)]) {
        // More than are sent through the core alone.
        for (let time = 0; time < 20; time++)
          expect(client.callSync(1, payload).equals(pattern(size))).toBe(true);
        expect((await client.call(1, payload)).equals(pattern(size))).toBe(true);
        await client.call(2, payload);
        expect((await iterator.next()).value.payload.equals(pattern(size))).toBe(true);
      }
    }
  });

  it('nothing lies in /dev/shm while they travel, nor after a kill', async () => {
    const { name, server } = await started();
    const ours = () => sharedFiles().filter((file) => file.includes('coroipc'));
    const before = ours();
    const held = (pid: number): string[] =>
      [readFileSync(`/proc/${pid}/maps`, 'utf8'), ...descriptorsOf(pid)].flatMap(
        (text) => text.match(/\/dev\/shm\/.*/g) ?? [],
      );
    const client = await IpcClient.connect({ name, service: SERVICE });
    for (let round = 0; round < 50; round++) {
      const calls = [1, 2, 1].map((id) => client.call(id, Buffer.alloc(10_000)));
      expect(ours()).toEqual(before);
      expect([...held(server.pid), ...held(process.pid)]).toEqual([]);
      await Promise.all(calls);
    }
    server.kill();
    await new Promise<void>((resolve) => client.on('close', () => resolve()));
    expect(ours()).toEqual(before);
    expect(held(process.pid)).toEqual([]);
  });
});

describe('a payload that its receiver', () => {
  it.each(['transfers', 'writes to'])('%s harms no message that comes later', async (does) => {
    const { name } = await started();
    const task: Task<Argument & { does: string }> = async (tools, { name, service, does }) => {
      const { IpcClient, libuvPoll } = tools;
      const client = await IpcClient.connect({ name, service, adapter: libuvPoll() });
      const spoil = (payload: Buffer) => {
        if (does === 'writes to') {
          new Uint8Array(payload.buffer).fill(0xee);
          return;
        }
        try {
          structuredClone(payload, { transfer: [payload.buffer as ArrayBuffer] });
        } catch (error) {
          if ((error as Error).name !== 'DataCloneError') throw error;
        }
        const { buffer } = payload as unknown as { buffer: { transfer?: () => void } };
        try {
          buffer.transfer?.();
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
        }
      };
      let right = 0;
      let messages = 0;
      let next = () => {};
      client.on('dispatch', ({ payload }) => {
        if (payload.every((byte) => byte === (messages & 0x7f))) right++;
        messages++;
        spoil(payload);
        next();
      });
      for (let round = 0; round < 400; round++) {
        // Beside small ones, some that have memory of their own.
        const size = round % 50 === 49 ? 9000 : 1 + ((round * 37) % 500);
        const sent = Buffer.alloc(size, round & 0x7f);
        const answers = [client.callSync(1, sent), await client.call(1, sent)];
        // Each is looked at and spoilt before the next arrives.
        const again = client.callSync(1, sent);
        if (!again.equals(sent)) return `round ${round}: the later answer is spoilt`;
        for (const answer of answers) spoil(answer);
        spoil(again);
        const arrived = new Promise<void>((resolve) => {
          next = resolve;
        });
        await client.call(2, sent);
        if (messages <= round) await arrived;
      }
      await client.close();
      return { right, messages };
    };
    const argument = { name, service: SERVICE, does };
    expect(await returned(task, argument)).toEqual({ right: 400, messages: 400 });
  });
});
