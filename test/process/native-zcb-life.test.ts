// Zero-copy buffers when a process is killed, a thread is terminated, or the garbage collector comes
// by: the other side goes on, and holds nothing of them any more. And those of coroipcc.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type * as threads from 'node:worker_threads';
import { CS, IpcClient } from '@coroipc/core';
import { describe, expect, it } from 'vitest';
import { Child, type Task } from './child.js';
import { eventually, expectHoldings, holdings } from './machine.js';
import { rejected } from './native-services.js';
import { COLLECTS, COMMAND, MIB, SERVICE, startZcb } from './native-zcb.js';
import { returned } from './returned.js';

const WORKER = fileURLToPath(new URL('./fixtures/native-zcb-worker.mjs', import.meta.url));

interface Argument {
  readonly name: string;
  readonly service: number;
  readonly command: typeof COMMAND;
  readonly file: string;
}

const argumentOf = (name: string): Argument => ({
  name,
  service: SERVICE,
  command: COMMAND,
  file: WORKER,
});

/** A client with buffers in every state, again whenever it is told; says what it is left with. */
const hold: Task<Argument> = async (tools, { name, service, command }) => {
  const { IpcClient, CoroIpcError, libuvPoll, say, told } = tools;
  setInterval(globalThis.gc as () => void, 50);
  const round = async () => {
    const client = await IpcClient.connect({ name, service, inPlace: true, adapter: libuvPoll() });
    const over = new Promise((resolve) => client.on('close', resolve));
    const [idle, out] = await Promise.all([client.createBuffer(2e6), client.createBuffer(2e6)]);
    idle.bytes.fill(1);
    out.bytes.fill(2);
    const answer = await client.call(command.ANSWER, '[1000000,3]');
    await client.call(command.ENDS, idle);
    const held = client.call(command.HOLD, out).catch((error) => error);
    say('at it');
    const error = await held;
    await over;
    const status = CoroIpcError.is(error) && error.status;
    say('over', [status, idle.bytes[0], out.bytes[0], answer[0], out.busy]);
    idle.free();
    out.free();
  };
  for (;;) {
    await round();
    await told();
  }
};

describe('kill -9', () => {
  it('of the server: who asks for a buffer before anybody noticed is told that it is gone', async () => {
    const { name, server } = await startZcb();
    const client = await IpcClient.connect({ name, service: SERVICE });
    server.kill();
    const threads = () => readdirSync(`/proc/${server.pid}/task`).length;
    const state = () => readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1]?.[0];
    // This thread does nothing else meanwhile. A zombie without threads has closed its descriptors.
    const word = new Int32Array(new SharedArrayBuffer(4));
    while (threads() > 1 || state() !== 'Z') Atomics.wait(word, 0, 0, 1);
    expect(await rejected(client.createBuffer(4096))).toBe(CS.ERR_LIBRARY);
    await client.close();
  });

  it('of the server: the client has nothing of it left, and goes on with another', async () => {
    const first = await startZcb({ inPlace: true });
    const client = Child.start(hold, argumentOf(first.name), COLLECTS);
    await client.said('at it');
    first.server.kill();
    expect(await client.said('over')).toEqual([CS.ERR_LIBRARY, 1, 2, 3, false]);
    // What nobody holds any more is unmapped when it is collected.
    await eventually(() => expect(holdings(client.pid).mappings).toBe(0));
    const before = holdings(client.pid);
    for (let round = 2; round < 5; round++) {
      const { server } = await startZcb({ inPlace: true, name: first.name });
      client.tell('again');
      await client.said('at it', round);
      await server.said('held');
      server.kill();
      expect(await client.said('over', round)).toEqual([CS.ERR_LIBRARY, 1, 2, 3, false]);
      await expectHoldings(client.pid, before);
    }
  });

  it.each([false, true])('of the client, requests in place: %s: likewise', async (inPlace) => {
    const { name, server } = await startZcb({ inPlace });
    const rounds = async (number: number) => {
      const client = Child.start(hold, argumentOf(name), COLLECTS);
      await client.said('at it');
      await server.said('held', number);
      client.kill();
      expect(await server.said('disconnected', number)).toEqual([MIB, 0, false]);
    };
    // The first one is for what a process makes once.
    await rounds(1);
    await eventually(() => expect(holdings(server.pid).mappings).toBe(0));
    const before = holdings(server.pid);
    for (let round = 2; round < 5; round++) {
      await rounds(round);
      await expectHoldings(server.pid, before);
    }
    const client = await IpcClient.connect({ name, service: SERVICE });
    expect((await client.call(COMMAND.ENDS, 'x')).toString()).toBe('[1,120,120]');
    await client.close();
  });
});

describe('a buffer that is freed', () => {
  it('leaves neither descriptor nor mapping with either side', async () => {
    const { name, server } = await startZcb();
    const client = await IpcClient.connect({ name, service: SERVICE });
    const round = async () => {
      const buffer = await client.createBuffer(100_000);
      await client.call(COMMAND.ENDS, buffer);
      buffer.free();
      await client.call(COMMAND.ENDS);
    };
    await round();
    const pids = [process.pid, server.pid];
    const before = pids.map((pid) => holdings(pid));
    for (let left = 200; left > 0; left--) await round();
    await eventually(() => {
      for (const [index, pid] of pids.entries()) {
        const { descriptors, mappings } = holdings(pid);
        expect(descriptors).toBeLessThanOrEqual(before[index]?.descriptors ?? 0);
        expect(mappings).toBeLessThanOrEqual(before[index]?.mappings ?? 0);
      }
    });
    await client.close();
  });
});

describe('the garbage collector', () => {
  it('takes nothing that can still be reached, and frees nothing that was not freed', async () => {
    const { name } = await startZcb({ inPlace: true });
    const task: Task<Argument> = async ({ IpcClient, CoroIpcError }, argument) => {
      const { name, service, command } = argument;
      const collect = globalThis.gc as () => void;
      const client = await IpcClient.connect({ name, service, inPlace: true });
      const same = (bytes: Buffer, fill: number) => {
        for (const byte of bytes) if (byte !== fill) throw new Error(`${byte} for ${fill}`);
      };
      for (let round = 1; round < 100; round++) {
        const view = (await client.createBuffer(10_000)).bytes.fill(round).subarray(5000);
        const buffer = await client.createBuffer(10_000);
        buffer.bytes.fill(round);
        const answer = await client.call(command.ANSWER, `[10000,${round}]`);
        const part = answer.subarray(100);
        collect();
        await new Promise(setImmediate);
        same(view, round);
        same(part, round);
        same(buffer.bytes, round);
        const ends = String(client.callSync(command.ENDS, buffer));
        if (ends !== `[10000,${round},${round}]`) throw new Error(ends);
        if (!client.release(answer)) throw new Error('not released');
        buffer.free();
        collect();
        same(view, round);
        // Those that nobody freed use up what the server takes, and only they.
        if (round === 62) break;
      }
      const kept = await client.createBuffer(10);
      const { bytes } = await client.createBuffer(10);
      const most = await client.createBuffer(10).catch((error) => error);
      await client.close();
      collect();
      return [CoroIpcError.is(most) && most.status, kept.bytes.length, bytes.fill(1).at(-1)];
    };
    const given = await returned(task, argumentOf(name), { node: ['--expose-gc'] });
    expect(given).toEqual([CS.ERR_NO_RESOURCES, 10, 1]);
  });
});

describe('a worker that is terminated with buffers out', () => {
  it('leaves its process and the server well', async () => {
    const { name, server } = await startZcb({ inPlace: true });
    const task: Task<Argument> = async ({ say }, { file, ...workerData }) => {
      const { Worker } = process.getBuiltinModule('node:worker_threads') as typeof threads;
      const { readdirSync, readFileSync } = process.getBuiltinModule('node:fs');
      const counts: number[][] = [];
      for (let round = 0; round < 6; round++) {
        const worker = new Worker(file, { workerData });
        worker.on('error', (error) => say('failed', String(error)));
        await new Promise((resolve) => worker.once('message', resolve));
        await worker.terminate();
        const maps = readFileSync('/proc/self/maps', 'utf8').split('memfd:coroipc').length - 1;
        counts.push([readdirSync('/proc/self/fd').length, maps]);
      }
      return counts;
    };
    const counts = (await returned(task, argumentOf(name))) as number[][];
    for (const count of counts.slice(1)) expect(count).toEqual(counts[1]);
    for (const [, maps] of counts) expect(maps).toBe(0);
    expect(await server.said('disconnected', counts.length)).toEqual([MIB, 0, false]);
    expect(server.values('requestError')).toEqual([]);
  });
});

describe('coroipcc on the native wire', () => {
  it('sends the request that lies in a buffer, and frees it', async () => {
    const { name } = await startZcb();
    const task: Task<Argument> = ({ coroipcc, CoroIpcError, encodeRequest }, argument) => {
      const { name, service, command } = argument;
      const status = (step: () => unknown) => {
        try {
          return step();
        } catch (error) {
          return CoroIpcError.is(error) ? error.status : (error as Error).name;
        }
      };
      const handle = coroipcc.serviceConnect(name, service, 8192, 8192, 8192);
      const other = coroipcc.serviceConnect(name, service, 8192, 8192, 8192);
      const buffer = coroipcc.zcbAlloc(handle, 1e6, 16);
      const send = (on: typeof handle) =>
        coroipcc.zcbMsgSendReplyReceive(on, buffer).subarray(24).toString();
      const results: unknown[] = [buffer.length];
      for (const bytes of [0, 1, 1e6]) {
        buffer.set(encodeRequest(command.ENDS, Buffer.alloc(bytes, 5)));
        results.push(send(handle));
      }
      buffer.writeInt32LE(buffer.length + 1);
      results.push(status(() => send(handle)));
      buffer.writeInt32LE(15);
      results.push(status(() => send(handle)));
      results.push(status(() => send(other)));
      results.push(status(() => coroipcc.zcbFree(other, buffer)));
      coroipcc.zcbFree(handle, buffer);
      results.push(
        buffer.every((byte) => byte === 0),
        status(() => send(handle)),
      );
      const left = coroipcc.zcbAlloc(handle, 100, 16);
      coroipcc.serviceDisconnect(handle);
      return [...results, left.fill(1).length];
    };
    expect(await returned(task, argumentOf(name))).toEqual([
      1_000_016,
      ...['[0,-1,-1]', '[1,5,5]', '[1000000,5,5]'],
      ...[CS.ERR_INVALID_PARAM, 'RangeError', CS.ERR_BAD_HANDLE, CS.ERR_BAD_HANDLE],
      ...[true, CS.ERR_BAD_HANDLE, 116],
    ]);
  });
});
