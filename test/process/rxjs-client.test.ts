// @coroipc/adapter-rxjs: a client as Observables, its server in a process of its own.

import { libuvPoll } from '@coroipc/adapter-libuv';
import { call, connect, dispatches, flowControl } from '@coroipc/adapter-rxjs';
import { CS, type DispatchMessage, IpcClient, type IpcClientOptions } from '@coroipc/core';
import { firstValueFrom, of, retry, Subject, switchMap, take, tap, throwError, timer } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freshName } from './child.js';
import { eventually, expectNoneLeft, sharedFiles } from './machine.js';
import { record } from './record.js';
import { COMMAND, SERVICE, startServer } from './services.js';
import { EVERY_WIRE, SPEAKS } from './wires.js';

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
const numberOf = ({ payload }: DispatchMessage): number => payload.readUInt32LE();
const backlog = async (client: IpcClient): Promise<number> =>
  JSON.parse((await client.call(COMMAND.STATS)).toString()).queuedMessages;
const requestsServed = async (client: IpcClient): Promise<number> =>
  JSON.parse((await client.call(COMMAND.STATS)).toString()).requests;

describe.each(EVERY_WIRE)('over %s', (over) => {
  const speaks = SPEAKS[over];

  async function connected(options: Partial<IpcClientOptions> = {}) {
    const served = await startServer();
    const { name } = served;
    const settings = { service: SERVICE, ...speaks, adapter: libuvPoll(), ...options };
    const client = await IpcClient.connect({ name, ...settings });
    onTestFinished(() => client.close());
    return { ...served, client };
  }

  it('dispatches hands over every message, to every subscription, and never closes', async () => {
    const { client } = await connected({ dispatchBytes: 8192 });
    const messages = dispatches(client);
    const [one, two] = [record(messages), record(messages.pipe(take(5)))];
    await client.call(COMMAND.BURST, words(1000, 100));
    await eventually(() => expect(one.seen.length).toBe(1000));
    expect(one.seen.map(numberOf)).toEqual(numbers(1000));
    expect([two.seen.map(numberOf), two.ends]).toEqual([numbers(5), ['complete']]);
    one.subscription.unsubscribe();
    expect(client.closed).toBe(false);
    const later = record(messages);
    await client.call(COMMAND.BURST, words(2, 4));
    await eventually(() => expect(later.seen.map(numberOf)).toEqual([0, 1]));
    await client.close();
    expect([one.ends, later.ends, record(messages).ends]).toEqual([[], ['complete'], ['complete']]);
  });

  it('work that is full pauses the ring: flow control reaches the server, nothing is lost', async () => {
    const { client } = await connected({ dispatchBytes: 8192 });
    const gate = new Subject<void>();
    const inWork: number[] = [];
    const done = record(
      dispatches(client, {
        highWaterMark: 4,
        concurrency: 2,
        project: (message) => {
          inWork.push(numberOf(message));
          return gate.pipe(
            take(1),
            switchMap(() => of(numberOf(message))),
          );
        },
      }),
    );
    const flow = record(flowControl(client));
    await client.call(COMMAND.BURST, words(500, 200));
    await eventually(() => expect(inWork).toEqual([0, 1]));
    // What is not at the server lies in the ring, or was read together with the first: 16 KiB at most.
    const least = 500 - (8192 + 16384) / 200;
    await eventually(async () => expect(await backlog(client)).toBeGreaterThan(least));
    const rounds = async () => {
      for (let turn = 0; turn < 20; turn++) await client.call(COMMAND.ECHO);
      return await backlog(client);
    };
    for (let round = 0; round < 3; round++) expect(await rounds()).toBeGreaterThan(least);
    expect([inWork, done.seen]).toEqual([[0, 1], []]);
    const opening = setInterval(() => gate.next(), 0);
    onTestFinished(() => clearInterval(opening));
    await eventually(() => expect(done.seen.length).toBe(500));
    expect(done.seen).toEqual(numbers(500));
    expect(await backlog(client)).toBe(0);
    await eventually(() => expect(flow.seen).toEqual([false, true, false]));
    await client.close();
    await eventually(() => expect([done.ends, flow.ends]).toEqual([['complete'], ['complete']]));
  });

  it('work that is full drops the oldest, or the newest, and tells', async () => {
    const { client } = await connected({ dispatchBytes: 8192 });
    const stage = (overflow: 'drop-oldest' | 'drop-newest') => {
      const gate = new Subject<void>();
      const dropped: number[] = [];
      const work = dispatches(client, {
        overflow,
        highWaterMark: 3,
        dropped: (message) => dropped.push(numberOf(message)),
        project: (message) =>
          gate.pipe(
            take(1),
            switchMap(() => of(numberOf(message))),
          ),
      });
      return { gate, dropped, ...record(work) };
    };
    const [oldest, newest] = [stage('drop-oldest'), stage('drop-newest')];
    await client.call(COMMAND.BURST, words(300, 200));
    await eventually(() => {
      expect(oldest.dropped.length).toBe(296);
      expect(newest.dropped.length).toBe(296);
    });
    for (let each = 0; each < 4; each++) {
      oldest.gate.next();
      newest.gate.next();
    }
    expect(oldest.seen).toEqual([0, 297, 298, 299]);
    expect(oldest.dropped).toEqual(numbers(297).slice(1));
    expect(newest.seen).toEqual([0, 1, 2, 3]);
    expect(newest.dropped).toEqual(numbers(300).slice(4));
  });

  it('work that is full fails, where that is asked for', async () => {
    const { client } = await connected();
    const project = () => new Subject<never>();
    const failing = record(dispatches(client, { overflow: 'error', highWaterMark: 3, project }));
    await client.call(COMMAND.BURST, words(10, 4));
    await eventually(() => expect(failing.ends).toEqual([CS.ERR_TRY_AGAIN]));
    expect(client.closed).toBe(false);
  });

  it('a killed server is an error, behind everything that had arrived', async () => {
    const { client, server } = await connected();
    const slow = record(
      dispatches(client, {
        highWaterMark: 2,
        project: (message) => timer(1).pipe(switchMap(() => of(numberOf(message)))),
      }),
    );
    const plain = record(dispatches(client));
    const flow = record(flowControl(client));
    await client.call(COMMAND.BURST, words(50, 100));
    await client.call(COMMAND.ECHO);
    server.kill();
    await eventually(() => expect(slow.ends).toEqual([CS.ERR_LIBRARY]));
    expect(slow.seen).toEqual(numbers(50));
    expect([plain.seen.map(numberOf), plain.ends]).toEqual([numbers(50), [CS.ERR_LIBRARY]]);
    expect(flow.ends).toEqual(['complete']);
    expect(record(dispatches(client)).ends).toEqual([CS.ERR_LIBRARY]);
    expect(record(flowControl(client))).toMatchObject({ seen: [false], ends: ['complete'] });
  });

  it('call makes one call for each subscription, and none without', async () => {
    const { client } = await connected();
    const echo = call(client, COMMAND.ECHO, 'hello');
    const before = await requestsServed(client);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await requestsServed(client)).toBe(before + 1);
    expect((await firstValueFrom(echo)).toString()).toBe('hello');
    const both = [record(echo), record(echo)];
    await eventually(() =>
      expect(both.map(({ ends }) => ends)).toEqual([['complete'], ['complete']]),
    );
    expect(both.map(({ seen }) => seen.map(String))).toEqual([['hello'], ['hello']]);
    expect(await requestsServed(client)).toBe(before + 5);
  });

  it('call fails with the status, the time limit, and the signal', async () => {
    const { client } = await connected();
    const failed = record(call(client, COMMAND.STATUS, words(CS.ERR_NO_SPACE)));
    await eventually(() => expect(failed.ends).toEqual([CS.ERR_NO_SPACE]));
    const late = record(call(client, COMMAND.LATE, words(300), { timeoutMs: 20 }));
    await eventually(() => expect(late.ends).toEqual([CS.ERR_TIMEOUT]));
    const control = new AbortController();
    const { signal } = control;
    const aborted = record(call(client, COMMAND.LATE, words(300), { signal }));
    control.abort('enough');
    await eventually(() => expect(aborted.ends).toEqual(['enough']));
    const tooLate = record(call(client, COMMAND.ECHO, 'x', { signal }));
    await eventually(() => expect(tooLate.ends).toEqual(['enough']));
    let attempts = 0;
    const again = call(client, COMMAND.STATUS, words(CS.ERR_BUSY)).pipe(
      tap({ error: () => void attempts++ }),
      retry(2),
    );
    const retried = record(again);
    await eventually(() => expect(retried.ends).toEqual([CS.ERR_BUSY]));
    expect(attempts).toBe(3);
  });

  it('leaving a call gives it up: one that waits is never sent', async () => {
    const { client } = await connected({ maxInFlight: 1 });
    const before = await requestsServed(client);
    const [late, waiting] = [
      record(call(client, COMMAND.LATE, words(50))),
      record(call(client, COMMAND.ECHO, 'never')),
    ];
    waiting.subscription.unsubscribe();
    late.subscription.unsubscribe();
    expect((await firstValueFrom(call(client, COMMAND.ECHO, 'next'))).toString()).toBe('next');
    expect(await requestsServed(client)).toBe(before + 3);
    expect([late.seen, late.ends, waiting.seen, waiting.ends]).toEqual([[], [], [], []]);
  });

  it('connect lasts as long as the client, and closes it when it is left', async () => {
    const { name, server } = await startServer();
    const files = sharedFiles();
    const options = { name, service: SERVICE, ...speaks, adapter: libuvPoll() };
    const clients = connect(options);
    expect(server.count('connected')).toBe(0);
    const [left, closed] = [record(clients), record(clients)];
    await eventually(() => expect([left.seen.length, closed.seen.length]).toEqual([1, 1]));
    left.subscription.unsubscribe();
    expect(left.seen[0]?.closed).toBe(true);
    await server.said('disconnected');
    await closed.seen[0]?.close();
    await eventually(() => expect(closed.ends).toEqual(['complete']));
    expect(left.ends).toEqual([]);
    const once = await firstValueFrom(clients);
    expect(once.closed).toBe(true);
    await server.said('disconnected', 3);
    await expectNoneLeft(files);
  });

  it('connect fails as connecting does, and leaving gives it up', async () => {
    const files = sharedFiles();
    const options = { service: SERVICE, ...speaks, adapter: libuvPoll() };
    const nobody = record(connect({ name: freshName(), ...options }));
    await eventually(() => expect(nobody.ends).toEqual([CS.ERR_TRY_AGAIN]));
    const wrong = record(connect({ name: '', ...options }));
    expect(wrong.ends).toEqual([expect.any(RangeError)]);
    const { name, server } = await startServer();
    server.kill('SIGSTOP');
    const control = new AbortController();
    const left = record(connect({ name, ...options }));
    const aborted = record(connect({ name, ...options, signal: control.signal }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    left.subscription.unsubscribe();
    control.abort('enough');
    await eventually(() => expect(aborted.ends).toEqual(['enough']));
    await expectNoneLeft(files);
    server.kill('SIGCONT');
    expect([left.seen, left.ends]).toEqual([[], []]);
  });

  it('retry connects anew, again and again, when the server is killed', async () => {
    const files = sharedFiles();
    const name = freshName();
    const options = { name, service: SERVICE, ...speaks, adapter: libuvPoll() };
    const clients: IpcClient[] = [];
    const messages = record(
      connect(options).pipe(
        tap((client) => clients.push(client)),
        switchMap((client) =>
          call(client, COMMAND.BURST, words(3, 4)).pipe(switchMap(() => dispatches(client))),
        ),
        retry({ delay: 20 }),
      ),
    );
    for (let round = 1; round <= 3; round++) {
      const { server } = await startServer({ name });
      await server.said('connected');
      await eventually(() => expect(messages.seen.length).toBe(3 * round));
      server.kill();
      await server.ended();
    }
    await eventually(() => expect(clients.map(({ closed }) => closed)).toEqual([true, true, true]));
    expect(messages.seen.map(numberOf)).toEqual([...numbers(3), ...numbers(3), ...numbers(3)]);
    expect(messages.ends).toEqual([]);
    messages.subscription.unsubscribe();
    await expectNoneLeft(files);
  });

  it('work that fails is an error of the messages, and leaves the client open', async () => {
    const { client } = await connected();
    const fault = new Error('of the work');
    const failing = record(dispatches(client, { project: () => throwError(() => fault) }));
    await client.call(COMMAND.BURST, words(3, 4));
    await eventually(() => expect(failing.ends).toEqual([fault]));
    expect((await client.call(COMMAND.ECHO, 'still')).toString()).toBe('still');
  });
});

it('wrong arguments are refused at once', async () => {
  const { name } = await startServer();
  const client = await IpcClient.connect({ name, service: SERVICE, adapter: libuvPoll() });
  onTestFinished(() => client.close());
  for (const wrong of [undefined, null, {}, 5, 'x']) {
    expect(() => dispatches(wrong as never)).toThrow(/client must be an IpcClient/);
    expect(() => flowControl(wrong as never)).toThrow(/client must be an IpcClient/);
    expect(() => call(wrong as never, 1)).toThrow(/client must be an IpcClient/);
  }
  expect(() => connect(undefined as never)).toThrow(/options must be an object/);
  expect(() => connect({ name, service: 1, signal: 5 } as never)).toThrow(/options.signal must be/);
  expect(() => call(client, 65536)).toThrow('id must be an integer from 0 to 65535, got 65536');
  expect(() => call(client, '1' as never)).toThrow(TypeError);
  expect(() => call(client, 1, 'x', { signal: 5 } as never)).toThrow(/options.signal must be/);
  const wrong = (options: object) => () => dispatches(client, options);
  expect(wrong({ overflow: 'explode' })).toThrow(
    "options.overflow must be one of 'pause', 'drop-oldest', 'drop-newest', 'error', got \"explode\"",
  );
  expect(wrong({ overflow: 5 })).toThrow(TypeError);
  expect(wrong({ highWaterMark: 0 })).toThrow(RangeError);
  expect(wrong({ highWaterMark: '1' })).toThrow(TypeError);
  expect(wrong({ concurrency: 0 })).toThrow(RangeError);
  expect(wrong({ project: 5 })).toThrow(/options.project must be a function/);
  expect(wrong({ dropped: 5 })).toThrow(/options.dropped must be a function or undefined/);
});
