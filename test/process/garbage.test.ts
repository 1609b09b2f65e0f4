// Objects dropped under load, with the garbage collector at work all the time: nothing crashes,
// what is kept stays intact, and what is dropped costs nothing but itself.

import type { Wire } from '@coroipc/core';
import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { expectNoneLeft, sharedFiles } from './machine.js';
import { SERVICE, startServer } from './services.js';
import { SPEAKS, type Speaks, WIRES } from './wires.js';

interface Argument {
  readonly name: string;
  readonly service: number;
  readonly speaks: Speaks;
  readonly wires: readonly Wire[];
}

describe.each(['native', 'classic 1.2'] as const)('over %s', (over) => {
  /** Of a task that serves itself, `alone` is the name. */
  async function survives(task: Task<Argument>, alone?: string): Promise<void> {
    const files = sharedFiles();
    const name = alone ?? (await startServer()).name;
    const argument = { name, service: SERVICE, speaks: SPEAKS[over], wires: WIRES };
    const child = Child.start(task, argument, { node: ['--expose-gc'] });
    const ended = await child.ended();
    expect(ended).toMatchObject({ outcome: 0, errors: '' });
    expect(ended.said.at(-1)).toBe('survived');
    if (alone !== undefined) await expectNoneLeft(files);
  }

  it('views of answers, of messages and of zero-copy buffers', async () => {
    await survives(({ coroipcc, encodeRequest, say }, { name, service, speaks }) => {
      const collect = globalThis.gc as () => void;
      const handle = coroipcc.serviceConnect(name, service, 65536, 65536, 65536, speaks);
      const burst = Buffer.alloc(8);
      burst.writeUInt32LE(20);
      burst.writeUInt32LE(1000, 4);
      const kept: Buffer[] = [];
      for (let round = 0; round < 300; round++) {
        const body = Buffer.alloc(5000, round & 0xff);
        const answer = coroipcc.msgSendReplyReceiveInBufGet(handle, encodeRequest(1, body));
        if (round % 3 === 0) collect();
        if (!answer.subarray(24).equals(body)) throw new Error('the answer changed');
        coroipcc.msgSendReplyReceiveInBufPut(handle);
        coroipcc.msgSendReplyReceive(handle, encodeRequest(3, burst));
        for (let number = 0; number < 20; number++) {
          const message = coroipcc.dispatchGet(handle);
          if (number === 7) collect();
          if (message?.readUInt32LE(24) !== number) throw new Error('the message changed');
          if (message[1023] !== (number & 0xff)) throw new Error('the message changed');
          coroipcc.dispatchPut(handle);
        }
        const memory = coroipcc.zcbAlloc(handle, 8192, 16);
        memory.set(encodeRequest(1, body));
        collect();
        const copied = coroipcc.zcbMsgSendReplyReceive(handle, memory);
        if (!copied.subarray(24).equals(body)) throw new Error('the zero-copy answer changed');
        kept.push(copied);
        // Some are freed, a few are forgotten: the connection's end frees those.
        if (round % 10 !== 0) coroipcc.zcbFree(handle, memory);
      }
      coroipcc.serviceDisconnect(handle);
      collect();
      for (const [round, answer] of kept.entries()) {
        if (answer[24] !== (round & 0xff)) throw new Error('what was kept changed');
      }
      say('survived');
    });
  });

  it('payloads that are kept, after everything else is gone', async () => {
    await survives(async ({ IpcClient, say }, { name, service, speaks }) => {
      const collect = globalThis.gc as () => void;
      const kept: { byte: number; payload: Buffer }[] = [];
      for (let round = 0; round < 20; round++) {
        const client = await IpcClient.connect({ name, service, ...speaks });
        client.on('dispatch', ({ payload }) => kept.push({ byte: payload[5] ?? -1, payload }));
        const burst = Buffer.alloc(8);
        burst.writeUInt32LE(100);
        burst.writeUInt32LE(3000, 4);
        const before = kept.length;
        await client.call(3, burst);
        const calls = Array.from({ length: 50 }, async (_, byte) => {
          kept.push({ byte, payload: await client.call(1, Buffer.alloc(2000, byte)) });
        });
        while (kept.length < before + 100) {
          collect();
          await new Promise(setImmediate);
        }
        await Promise.all(calls);
        await client.close();
        collect();
      }
      for (const { byte, payload } of kept) {
        const rest = payload.subarray(4);
        if (!rest.equals(Buffer.alloc(rest.length, byte))) throw new Error('it changed');
      }
      say('survived', kept.length);
    });
  });

  it('requests and connections that a server keeps', async () => {
    await survives(async ({ IpcServer, IpcClient, say }, { name, service, speaks, wires }) => {
      const collect = globalThis.gc as () => void;
      const server = new IpcServer({ name, wires });
      const kept: { payload: Buffer; connection: { readonly closed: boolean } }[] = [];
      server.service(service, {
        requests: {
          1: (request) => {
            kept.push(request);
            return request.payload;
          },
          2: () => new Promise(() => {}),
        },
      });
      await server.listen();
      for (let round = 0; round < 30; round++) {
        const client = await IpcClient.connect({ name, service, ...speaks });
        const one = async (byte: number) => {
          await client.call(1, Buffer.alloc(3000, byte));
        };
        await Promise.all([1, 2, 3, 4].map(one));
        client.call(2).catch(() => {});
        collect();
        for (const connection of server.connections) connection.dispatch(1, Buffer.alloc(9000));
        collect();
        await client.close();
      }
      while (server.connections.size > 0) await new Promise(setImmediate);
      collect();
      for (const [number, { payload, connection }] of kept.entries()) {
        const byte = (number % 4) + 1;
        if (!payload.equals(Buffer.alloc(3000, byte))) throw new Error('it changed');
        if (!connection.closed) throw new Error('it is not over');
      }
      await server.close();
      say('survived', kept.length);
    }, freshName());
  });

  it('clients that nobody closes', async () => {
    await survives(
      async ({ IpcClient, coroipcc, encodeRequest, say }, { name, service, speaks }) => {
        const collect = globalThis.gc as () => void;
        const drop = async () => {
          const client = await IpcClient.connect({ name, service, ...speaks, dispatchBytes: 8192 });
          await client.call(1, 'x');
          client.unref();
          if (Math.random() < 0.5) void client.dispatches().next();
          if (Math.random() < 0.5) client.call(2).catch(() => {});
        };
        const dropC = () => {
          const handle = coroipcc.serviceConnect(name, service, 8192, 8192, 8192, speaks);
          coroipcc.zcbAlloc(handle, 4096, 16);
          coroipcc.msgSendReplyReceiveInBufGet(handle, encodeRequest(1, 'x'));
        };
        for (let round = 0; round < 60; round++) {
          await drop();
          dropC();
          collect();
          await new Promise(setImmediate);
          collect();
        }
        const client = await IpcClient.connect({ name, service, ...speaks });
        if (client.callSync(1, 'x').toString() !== 'x') throw new Error('a wrong answer');
        await client.close();
        say('survived');
      },
    );
  });

  it('servers that nobody closes go on serving', async () => {
    await survives(
      async (
        { IpcServer, IpcClient, coroipcs, encodeResponse, say },
        { name, service, speaks, wires },
      ) => {
        const collect = globalThis.gc as () => void;
        const open = async (number: number) => {
          const server = new IpcServer({ name: `${name}-${number}`, wires });
          server.service(service, { requests: { 1: ({ payload }) => payload } });
          await server.listen();
          server.unref();
          coroipcs.ipcInit({
            socketName: `${name}-c-${number}`,
            wires,
            handlerFnGet: () => (conn, message) => {
              coroipcs.responseSend(conn, encodeResponse(1, 1, message.subarray(16)));
            },
          });
        };
        for (let number = 0; number < 20; number++) {
          await open(number);
          collect();
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
        collect();
        for (let number = 0; number < 20; number++) {
          for (const served of [`${name}-${number}`, `${name}-c-${number}`]) {
            const client = await IpcClient.connect({ name: served, service, ...speaks });
            const answer = await client.call(1, served);
            if (answer.toString() !== served) throw new Error(`a wrong answer: ${answer}`);
            if (number % 2 === 0) await client.close();
            else client.unref();
          }
          collect();
        }
        coroipcs.ipcExit();
        say('survived');
      },
      freshName(),
    );
  });

  it('iterators that nobody finishes, and signals that outlive their calls', async () => {
    await survives(async ({ IpcClient, say }, { name, service, speaks }) => {
      const collect = globalThis.gc as () => void;
      const client = await IpcClient.connect({ name, service, ...speaks });
      const controller = new AbortController();
      const burst = Buffer.alloc(8);
      burst.writeUInt32LE(10);
      for (let round = 0; round < 100; round++) {
        const iterator = client.dispatches({ highWaterMark: 100_000 });
        await client.call(3, burst, { signal: controller.signal, timeoutMs: 60_000 });
        await iterator.next();
        collect();
      }
      controller.abort();
      if (client.callSync(1, 'x').toString() !== 'x') throw new Error('a wrong answer');
      await client.close();
      collect();
      say('survived');
    });
  });
});
