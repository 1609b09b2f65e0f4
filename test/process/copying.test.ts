// A runtime that allows no ArrayBuffer over memory of a library's, as Electron: everything that can be
// copied is, and what cannot says so. COROIPC_COPY=1 has the library act as in such a one.

import { CS, IpcClient } from '@coroipc/core';
import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { MIB, startZcb, COMMAND as ZCB, SERVICE as ZCB_SERVICE } from './native-zcb.js';
import { COMMAND, SERVICE, startServer } from './services.js';
import { EVERY_WIRE, SPEAKS, type Speaks } from './wires.js';

const env = { COROIPC_COPY: '1' };

interface Argument {
  readonly name: string;
  readonly service: number;
  readonly command: Readonly<Record<string, number>>;
  readonly speaks: Speaks;
}

// All of the C API that shows memory elsewhere.
const inBuffers: Task<Argument> = async (tools, { name, service, command, speaks }) => {
  const { coroipcc, encodeRequest, say } = tools;
  const { ECHO = 0, BURST = 0 } = command;
  const handle = coroipcc.serviceConnect(name, service, 65536, 65536, 65536, speaks);
  const body = Buffer.alloc(5000, 7);
  const answer = coroipcc.msgSendReplyReceiveInBufGet(handle, encodeRequest(ECHO, body));
  say('answer', answer.subarray(24).equals(body));
  coroipcc.msgSendReplyReceiveInBufPut(handle);
  const burst = Buffer.alloc(8);
  burst.writeUInt32LE(20);
  burst.writeUInt32LE(1000, 4);
  coroipcc.msgSendReplyReceive(handle, encodeRequest(BURST, burst));
  const numbers: (number | undefined)[] = [];
  for (let left = 20; left > 0; left--) {
    numbers.push(coroipcc.dispatchGet(handle)?.readUInt32LE(24));
    coroipcc.dispatchPut(handle);
  }
  say('messages', numbers);
  try {
    coroipcc.zcbAlloc(handle, 4096, 16);
    say('allocated', 0);
  } catch (error) {
    say('allocated', (error as { status?: number }).status);
  }
  coroipcc.serviceDisconnect(handle);
};

// A client that wants messages in place, and buffers of its own.
const people: Task<Argument> = async (tools, { name, service, command }) => {
  const { IpcClient, say } = tools;
  const { ANSWER = 0, SEND = 0 } = command;
  const client = await IpcClient.connect({ name, service, inPlace: true });
  for (const bytes of [0, 100, 2 ** 20]) {
    const asked = JSON.stringify([bytes, 5]);
    const blocking = client.callSync(ANSWER, asked);
    const promised = await client.call(ANSWER, asked);
    const into = Buffer.alloc(2 ** 20);
    const copied = client.callSyncInto(ANSWER, asked, into);
    const whole = Buffer.alloc(bytes, 5);
    say('answers', [
      blocking.equals(whole),
      promised.equals(whole),
      copied,
      client.release(blocking),
    ]);
  }
  const messages = client.dispatches();
  await client.call(SEND, '[1048576,6,3]');
  for (let left = 3; left > 0; left--) {
    const { payload } = (await messages.next()).value;
    say('message', payload.equals(Buffer.alloc(2 ** 20, 6)));
  }
  const refused = await client.createBuffer(4096).catch((error) => error.status);
  say('refused', refused);
  await client.close();
};

// A server that wants requests in place.
const serving: Task<Argument> = async (tools, { name, service }) => {
  const { IpcServer, say, never } = tools;
  const server = new IpcServer({ name });
  server.service(service, {
    inPlace: true,
    connect: async (connection) => {
      say('refused', await connection.createBuffer(4096).catch((error) => error.status));
    },
    requests: { 1: ({ payload }) => `${payload.length} ${payload[0]} ${payload.at(-1)}` },
  });
  await server.listen();
  say('ready');
  await never();
};

describe('where JavaScript may not see shared memory', () => {
  it.each(EVERY_WIRE)('the C API copies, over %s', async (over) => {
    const { name } = await startServer();
    const argument = { name, service: SERVICE, command: COMMAND, speaks: SPEAKS[over] };
    const child = Child.start(inBuffers, argument, { env });
    expect(await child.said('answer')).toBe(true);
    expect(await child.said('messages')).toEqual(Array.from({ length: 20 }, (_, number) => number));
    expect(await child.said('allocated')).toBe(CS.ERR_NOT_SUPPORTED);
    expect(await child.ended()).toMatchObject({ outcome: 0, errors: '' });
  });

  it('a client gets copies of what lies in its server’s buffers, and makes none', async () => {
    const { name } = await startZcb();
    const argument = { name, service: ZCB_SERVICE, command: ZCB, speaks: SPEAKS.native };
    const child = Child.start(people, argument, { env });
    for (const [nth, bytes] of [0, 100, MIB].entries()) {
      expect(await child.said('answers', nth + 1)).toEqual([true, true, bytes, false]);
    }
    for (const nth of [1, 2, 3]) expect(await child.said('message', nth)).toBe(true);
    expect(await child.said('refused')).toBe(CS.ERR_NOT_SUPPORTED);
    expect(await child.ended()).toMatchObject({ outcome: 0, errors: '' });
  });

  it('a server gets copies of what lies in its clients’ buffers, and makes none', async () => {
    const argument = { name: freshName(), service: SERVICE, command: {}, speaks: SPEAKS.native };
    const server = Child.start(serving, argument, { env });
    await server.said('ready');
    const client = await IpcClient.connect({ name: argument.name, service: SERVICE });
    const buffer = await client.createBuffer(MIB);
    for (const fill of [1, 2]) {
      buffer.bytes.fill(fill);
      expect(String(client.callSync(1, buffer))).toBe(`${MIB} ${fill} ${fill}`);
      expect(String(await client.call(1, buffer))).toBe(`${MIB} ${fill} ${fill}`);
    }
    expect(await server.said('refused')).toBe(CS.ERR_NOT_SUPPORTED);
    await client.close();
  });
});
