// What lies in a zero-copy buffer, in the hands of a thread of Node's pool while the peer dies, the
// connection ends, or the buffer is freed: nobody may take the memory from under it.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { EVERY_WIRE, type Over, SPEAKS, type Speaks } from './wires.js';

const SERVICE = 9;
/** To compress so many random bytes takes a thread far longer than to hear of a peer's end. */
const BYTES = 20_000_000;

interface Argument {
  readonly name: string;
  readonly service: number;
  readonly bytes: number;
  readonly speaks: Speaks;
  /** What ends it, in the client. */
  readonly end?: 'close' | 'free' | 'told';
}

const argumentOf = (name: string, over: Over = 'native'): Argument => ({
  ...{ name, service: SERVICE, bytes: BYTES, speaks: SPEAKS[over] },
});

/** Compresses its requests where they lie, and answers with a buffer of its own. */
const serve: Task<Argument> = async ({ IpcServer, say, told }, { name, service, bytes }) => {
  const { gzip, gunzipSync } = process.getBuiltinModule('node:zlib');
  const { randomFillSync } = process.getBuiltinModule('node:crypto');
  const server = new IpcServer({ name, wires: ['native', 'classic'] });
  server.service(service, {
    inPlace: true,
    requests: {
      1: ({ payload }) => {
        const copy = Buffer.from(payload);
        gzip(payload, (error, packed) => say('packed', !error && gunzipSync(packed).equals(copy)));
        say('at it');
      },
      3: ({ payload }) => String(payload.length),
      2: async ({ connection }) => {
        const buffer = await connection.createBuffer(bytes);
        randomFillSync(buffer.bytes);
        return buffer as unknown as Buffer;
      },
    },
    disconnect: () => say('disconnected'),
  });
  await server.listen();
  say('ready');
  await told();
};

/** Compresses what it has of both sides, while that ends. */
const use: Task<Argument> = async ({ IpcClient, say, told }, { name, service, bytes, end }) => {
  const { gzip, gunzipSync } = process.getBuiltinModule('node:zlib');
  const { randomFill, randomFillSync } = process.getBuiltinModule('node:crypto');
  const client = await IpcClient.connect({ name, service, inPlace: true });
  const [buffer, filled] = await Promise.all([
    client.createBuffer(bytes),
    client.createBuffer(bytes),
  ]);
  randomFillSync(buffer.bytes);
  const parts = [buffer.bytes, await client.call(2)];
  const copies = parts.map((part) => Buffer.from(part));
  const work = parts.map(
    (part, index) =>
      new Promise((resolve) => {
        gzip(part, (error, packed) => {
          resolve(!error && gunzipSync(packed).equals(copies[index] as Buffer));
        });
      }),
  );
  const random = new Promise((resolve) =>
    randomFill(filled.bytes, (error) => resolve(error === null)),
  );
  say('at it');
  if (end === 'told') await new Promise((resolve) => client.on('close', resolve));
  else if (end === 'close') await client.close();
  else buffer.free();
  filled.free();
  say('ended');
  say('done', await Promise.all([...work, random]));
  await told();
};

/** Sends a buffer, and is killed. */
const send: Task<Argument> = async ({ IpcClient }, { name, service, bytes }) => {
  const { randomFillSync } = process.getBuiltinModule('node:crypto');
  const client = await IpcClient.connect({ name, service });
  const buffer = await client.createBuffer(bytes);
  randomFillSync(buffer.bytes);
  await client.call(1, buffer);
};

/** How many mappings a process has of memory that has no name any more. */
const sharedMappings = (pid: number): number =>
  readFileSync(`/proc/${pid}/maps`, 'utf8').match(/\(deleted\)$/gm)?.length ?? 0;

async function served(): Promise<{ name: string; server: Child }> {
  const name = freshName();
  const server = Child.start(serve, argumentOf(name));
  await server.said('ready');
  return { name, server };
}

describe('a thread of Node’s pool at work on a zero-copy buffer', () => {
  it('of a client that is killed: the server has all of it to the end', async () => {
    const { name, server } = await served();
    const client = Child.start(send, argumentOf(name));
    await server.said('at it');
    client.kill();
    await server.said('disconnected');
    expect(await server.said('packed')).toBe(true);
  });

  it('of either side, when the server is killed: the client has all of it to the end', async () => {
    const { name, server } = await served();
    const client = Child.start(use, { ...argumentOf(name), end: 'told' });
    await client.said('at it');
    server.kill();
    await client.said('ended');
    expect(await client.said('done')).toEqual([true, true, true]);
  });

  it('of either side, when the client closes: likewise', async () => {
    const { name } = await served();
    const client = Child.start(use, { ...argumentOf(name), end: 'close' });
    await client.said('ended');
    expect(await client.said('done')).toEqual([true, true, true]);
  });

  it('that is freed meanwhile: it reads something else, and nobody comes to harm', async () => {
    const { name } = await served();
    const client = Child.start(use, { ...argumentOf(name), end: 'free' });
    await client.said('ended');
    expect(await client.said('done')).toEqual([false, true, true]);
  });
});

/** Allocates, uses and frees many, one after another. */
const churn: Task<Argument> = async (tools, { name, service, speaks }) => {
  const { coroipcc, encodeRequest, say, told } = tools;
  const handle = coroipcc.serviceConnect(name, service, 65536, 65536, 65536, speaks);
  const request = encodeRequest(3, Buffer.alloc(100_000));
  const round = () => {
    const buffer = coroipcc.zcbAlloc(handle, 100_000, 16);
    buffer.set(request);
    const answer = coroipcc.zcbMsgSendReplyReceive(handle, buffer);
    if (answer.toString('utf8', 24) !== '100000') throw new Error(answer.toString());
    coroipcc.zcbFree(handle, buffer);
  };
  round();
  say('first');
  await told();
  for (let left = 200; left > 0; left--) round();
  say('done');
  await told();
};

/** Sends one by the C API, and is killed; or compresses one while it is freed, or its connection left. */
const cStyle: Task<Argument> = async (tools, { name, service, bytes, speaks, end }) => {
  const { coroipcc, encodeRequest, say, told } = tools;
  const { gzip, gunzipSync } = process.getBuiltinModule('node:zlib');
  const { randomFillSync } = process.getBuiltinModule('node:crypto');
  const limits = { ...speaks, maxBufferBytes: 2 * bytes };
  const handle = coroipcc.serviceConnect(name, service, 65536, 65536, 65536, limits);
  const buffer = coroipcc.zcbAlloc(handle, bytes, 16);
  randomFillSync(buffer);
  const header = encodeRequest(1, '');
  header.writeInt32LE(bytes, 0);
  buffer.set(header);
  if (end === undefined) {
    coroipcc.zcbMsgSendReplyReceive(handle, buffer);
    return;
  }
  const copy = Buffer.from(buffer);
  const packed = new Promise<Buffer | undefined>((resolve) => {
    gzip(buffer, (_error, made) => resolve(made));
  });
  if (end === 'free') coroipcc.zcbFree(handle, buffer);
  else coroipcc.serviceDisconnect(handle);
  const unpacked = gunzipSync((await packed) as Buffer);
  say('done', [unpacked.length, unpacked.equals(copy)]);
  await told();
};

describe.each(EVERY_WIRE)('and by the C API, over %s', (over) => {
  it('of a client that is killed: the server has all of it to the end', async () => {
    const { name, server } = await served();
    const client = Child.start(cStyle, argumentOf(name, over));
    await server.said('at it');
    client.kill();
    await server.said('disconnected');
    expect(await server.said('packed')).toBe(true);
  });

  it('whose client frees it: the memory does not wait for a collection', async () => {
    const { name, server } = await served();
    const client = Child.start(churn, argumentOf(name, over));
    await client.said('first');
    const before = [sharedMappings(server.pid), sharedMappings(client.pid)];
    client.tell('go on');
    await client.said('done');
    // On the native wire a withdrawn one waits for the next under its number.
    expect(sharedMappings(server.pid)).toBeLessThanOrEqual((before[0] ?? 0) + 1);
    expect(sharedMappings(client.pid)).toBeLessThanOrEqual((before[1] ?? 0) + 1);
  });

  it('when the client leaves: it has all of it to the end', async () => {
    const { name } = await served();
    const client = Child.start(cStyle, { ...argumentOf(name, over), end: 'close' });
    expect(await client.said('done')).toEqual([BYTES + 16, true]);
  });

  it('that is freed meanwhile: it reads something else, and nobody comes to harm', async () => {
    const { name } = await served();
    const client = Child.start(cStyle, { ...argumentOf(name, over), end: 'free' });
    expect(await client.said('done')).toEqual([BYTES + 16, false]);
  });
});

describe('memory of a zero-copy buffer that was transferred', () => {
  it('stays with who has it', async () => {
    const { name } = await served();
    const task: Task<Argument> = async ({ IpcClient, say, told }, { name, service }) => {
      const client = await IpcClient.connect({ name, service });
      const buffer = await client.createBuffer(100_000);
      buffer.bytes.fill(1);
      const memory = buffer.bytes.buffer as ArrayBuffer & { transfer?(): ArrayBuffer };
      // Node 20 has no `transfer`, and copies what is cloned.
      const got = memory.transfer?.() ?? structuredClone(memory, { transfer: [memory] });
      buffer.free();
      await client.close();
      say(
        'sum',
        new Uint8Array(got).reduce((sum, byte) => sum | byte, 0),
      );
      await told();
    };
    const client = Child.start(task, argumentOf(name));
    expect([0, 1]).toContain(await client.said('sum'));
  });
});
