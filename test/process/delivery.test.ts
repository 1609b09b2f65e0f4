// What streams of every kind stand on: a client's sinks, and handlers that come and go.

import { libuvPoll } from '@coroipc/adapter-libuv';
import {
  type CoroIpcError,
  CS,
  type DispatchMessage,
  IpcClient,
  type IpcClientOptions,
  IpcServer,
  threadPoll,
  type Wire,
} from '@coroipc/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { eventually } from './machine.js';
import { COMMAND, SERVICE, startServer } from './services.js';
import { EVERY_WIRE, SPEAKS, WIRES } from './wires.js';

const ADAPTERS = { libuv: libuvPoll, thread: threadPoll };

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

async function connect(options: Partial<IpcClientOptions> & { name: string }): Promise<IpcClient> {
  const client = await IpcClient.connect({ service: SERVICE, adapter: libuvPoll(), ...options });
  onTestFinished(() => client.close());
  return client;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

const matrix = EVERY_WIRE.flatMap((over) =>
  (['libuv', 'thread'] as const).map((adapter) => ({ over, adapter })),
);

describe.each(matrix)('onMessage over $over, $adapter', ({ over, adapter }) => {
  async function connected() {
    const { name, server } = await startServer();
    const options = { ...SPEAKS[over], adapter: ADAPTERS[adapter](), dispatchBytes: 8192 };
    const client = await connect({ name, ...options });
    const seen: number[] = [];
    const ends: unknown[] = [];
    const sink = {
      message: ({ payload }: DispatchMessage) => void seen.push(payload.readUInt32LE()),
      ended: (error?: CoroIpcError) => void ends.push(error?.status ?? 'plainly'),
    };
    return { client, server, seen, ends, sink };
  }
  const backlog = async (client: IpcClient): Promise<number> =>
    JSON.parse((await client.call(COMMAND.STATS)).toString()).queuedMessages;

  it('a sink of batches gets what is there together, and one by one beside other sinks', async () => {
    const { client, seen, ends, sink } = await connected();
    const sizes: number[] = [];
    const got: number[] = [];
    let paused = false;
    const batches = client.onMessage({
      messages: (batch) => {
        sizes.push(batch.length);
        for (const { payload } of batch) got.push(payload.readUInt32LE());
        if (!paused) batches.pause();
        paused = true;
      },
      ended: sink.ended,
    });
    await client.call(COMMAND.BURST, words(300, 200));
    await eventually(() => expect(got.length).toBeGreaterThan(0));
    await client.call(COMMAND.ECHO);
    expect(got).toEqual(numbers(got.length));
    batches.resume();
    await eventually(() => expect(got).toEqual(numbers(300)));
    expect(Math.max(...sizes)).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256);
    const other = client.onMessage(sink);
    sizes.length = 0;
    await client.call(COMMAND.BURST, words(50, 200));
    await eventually(() => expect(seen).toEqual(numbers(50)));
    expect(sizes).toEqual(Array(50).fill(1));
    other.close();
    await client.close();
    expect(ends).toEqual(['plainly']);
  });

  it('a sink that pauses keeps the ring from being read, for all, until it resumes', async () => {
    const { client, seen, ends, sink } = await connected();
    const events: number[] = [];
    client.on('dispatch', ({ payload }) => void events.push(payload.readUInt32LE()));
    const subscription = client.onMessage({
      ...sink,
      message(message) {
        sink.message(message);
        if (seen.length === 7) subscription.pause();
      },
    });
    await client.call(COMMAND.BURST, words(500, 200));
    await eventually(() => expect(seen.length).toBe(7));
    // Read are six, and then, with the seventh, as many as arrive in 16 KiB: 73. The ring holds 36.
    const least = 500 - 6 - 73 - 36;
    await eventually(async () => expect(await backlog(client)).toBeGreaterThanOrEqual(least));
    for (let turn = 0; turn < 20; turn++) await client.call(COMMAND.ECHO);
    expect([seen, events]).toEqual([numbers(7), numbers(7)]);
    subscription.resume();
    await eventually(() => expect(seen.length).toBe(500));
    expect([seen, events]).toEqual([numbers(500), numbers(500)]);
    subscription.close();
    await client.call(COMMAND.BURST, words(3, 4));
    await eventually(() => expect(events.length).toBe(503));
    expect([seen.length, subscription.closed, ends]).toEqual([500, true, []]);
  });

  it('listeners of dispatch are called as emit calls them, whatever they are and do', async () => {
    const { client } = await connected();
    const said: string[] = [];
    const context = { name: 'context' };
    const late = () => void said.push('late');
    const plain = function (this: unknown, { payload }: DispatchMessage): void {
      said.push(`plain ${payload.readUInt32LE()} ${this === client ? 'client' : ''}`);
      // Nobody hears of a message who comes, or does not who goes, while it is told.
      if (payload.readUInt32LE() === 1) client.on('dispatch', late).off('dispatch', leaves);
    };
    const leaves = () => void said.push('leaves');
    const burst = async (count: number, after: number) => {
      await client.call(COMMAND.BURST, words(count, 4));
      await eventually(() => expect(said.length).toBe(after));
      return said.splice(0);
    };
    client.on('dispatch', plain).on('dispatch', leaves);
    expect(await burst(3, 6)).toEqual(
      'plain 0 client,leaves,plain 1 client,leaves,plain 2 client,late'.split(','),
    );
    client.off('dispatch', late);
    client.once('dispatch', () => void said.push('once'));
    client.on(
      'dispatch',
      function (this: unknown) {
        said.push((this as typeof context).name);
      },
      context,
    );
    expect(await burst(2, 5)).toEqual(
      'plain 0 client,once,context,plain 1 client,context'.split(','),
    );
    client.removeAllListeners();
    client.on('dispatch', plain);
    const { emit } = client;
    client.emit = (...told) => {
      said.push(`emits ${told[0]}`);
      return Reflect.apply(emit, client, told);
    };
    expect(await burst(1, 2)).toEqual(['emits dispatch', 'plain 0 client']);
  });

  it('closing the one that is paused lets the others go on', async () => {
    const { client, seen, sink } = await connected();
    const paused = client.onMessage({ message: () => {} });
    paused.pause();
    client.onMessage(sink);
    await client.call(COMMAND.BURST, words(100, 200));
    for (let turn = 0; turn < 20; turn++) await client.call(COMMAND.ECHO);
    expect(seen).toEqual([]);
    paused[Symbol.dispose]();
    await eventually(() => expect(seen).toEqual(numbers(100)));
  });

  it('tells of the end: plainly after close, which is the last of it', async () => {
    const { client, ends, sink } = await connected();
    client.onMessage({
      ...sink,
      ended() {
        sink.ended();
        try {
          client.onMessage(sink);
        } catch (error) {
          ends.push((error as CoroIpcError).status);
        }
      },
    });
    await client.close();
    expect(ends).toEqual(['plainly', CS.ERR_BAD_HANDLE]);
  });

  it('tells of a killed server behind what had arrived, to one that is paused, too', async () => {
    const { client, server, seen, ends, sink } = await connected();
    const subscription = client.onMessage(sink);
    subscription.pause();
    await client.call(COMMAND.BURST, words(20, 200));
    // The answer goes out before the messages; the next one after them.
    await client.call(COMMAND.ECHO);
    server.kill();
    await eventually(() => expect(ends).toEqual([CS.ERR_LIBRARY]));
    expect(seen).toEqual(numbers(20));
    expect(subscription.closed).toBe(true);
    expect(() => client.onMessage(sink)).toThrow(expect.objectContaining({ status: 2 }));
  });

  it('flow control is told, also where it was seen before, and so is its end', async () => {
    const { client, seen, sink } = await connected();
    const flow: boolean[] = [];
    client.on('flowControl', (on) => void flow.push(on));
    const subscription = client.onMessage(sink);
    // Often: its end comes before or after the last message was read.
    for (let round = 1; round <= 20; round++) {
      subscription.pause();
      await client.call(COMMAND.BURST, words(200, 200));
      // Its answer goes out before its messages, and this one's when all of them are queued.
      await client.call(COMMAND.ECHO);
      if (over !== 'classic 1.2') {
        await eventually(() => expect(client.flowControl).toBe(true));
        await eventually(() => expect(flow.at(-1)).toBe(true));
      }
      subscription.resume();
      await eventually(() => expect(seen.length).toBe(200 * round));
      await eventually(() => expect(flow.at(-1)).toBe(false));
    }
    expect(flow[0]).toBe(true);
  });
});

const MESSAGES = 100;

interface Lingers {
  readonly name: string;
  readonly wires: readonly Wire[];
  readonly messages: number;
}

// Lingers between the last message that it queued and the end of flow control.
const lingers: Task<Lingers> = (tools, { name, wires, messages }) => {
  const { coroipcs, CS, encodeResponse } = tools;
  let dispatched = 0;
  coroipcs.ipcInit({
    socketName: name,
    wires,
    adapter: tools.libuvPoll(),
    handlerFnGet: () => (conn) => {
      coroipcs.responseSend(conn, encodeResponse(1, CS.OK));
      const message = encodeResponse(1, CS.OK, 'x'.repeat(200));
      for (let number = 0; number < messages; number++) coroipcs.dispatchSend(conn, message);
    },
    statsIncrementValue: (_handle, what) => {
      if (what === 'dispatched') dispatched += 1;
      if (what === 'dispatched' && dispatched === messages) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      }
    },
  });
  tools.say('ready');
  return tools.never();
};

// On the oldest wire the news are events among the messages.
it.each(['native', 'classic 1.4'] as const)(
  'flow control that ends after the last message was read is told, over %s',
  async (over) => {
    const name = freshName();
    await Child.start(lingers, { name, wires: WIRES, messages: MESSAGES }).said('ready');
    const client = await connect({ name, ...SPEAKS[over], dispatchBytes: 8192 });
    const flow: boolean[] = [];
    let seen = 0;
    client.on('flowControl', (on) => void flow.push(on));
    const subscription = client.onMessage({ message: () => void seen++ });
    subscription.pause();
    await client.call(1);
    await eventually(() => expect(client.flowControl).toBe(true));
    await eventually(() => expect(flow).toEqual([true]));
    subscription.resume();
    await eventually(() => expect(seen).toBe(MESSAGES));
    await eventually(() => expect(flow).toEqual([true, false]));
  },
);

describe('handle', () => {
  async function serve(prepare: (server: IpcServer) => unknown = () => {}): Promise<IpcServer> {
    const server = new IpcServer({ name: freshName(), adapter: libuvPoll() });
    onTestFinished(() => server.close());
    prepare(server);
    await server.listen();
    return server;
  }
  const ask = (client: IpcClient, id: number): Promise<unknown> =>
    client.call(id).then(String, (error: CoroIpcError) => error.status);

  it('serves while it is there, and the service with it', async () => {
    const server = await serve();
    const refused = connect({ name: server.name });
    await expect(refused).rejects.toMatchObject({ status: CS.ERR_NOT_EXIST });
    const one = server.handle(SERVICE, 1, () => 'one');
    const rest = server.handle(SERVICE, undefined, ({ id }) => `rest ${id}`);
    const client = await connect({ name: server.name });
    const all = async () => [await ask(client, 1), await ask(client, 2)];
    expect(await all()).toEqual(['one', 'rest 2']);
    one.remove();
    expect(await all()).toEqual(['rest 1', 'rest 2']);
    rest.remove();
    expect(await all()).toEqual([CS.ERR_INVALID_PARAM, CS.ERR_INVALID_PARAM]);
    await expect(connect({ name: server.name })).rejects.toMatchObject({
      status: CS.ERR_NOT_EXIST,
    });
    // Its peers are there still, and hear of what it publishes.
    expect(server.publish(SERVICE, 1, 'x')).toBe(1);
    server.handle(SERVICE, 2, () => 'again');
    expect(await all()).toEqual([CS.ERR_INVALID_PARAM, 'again']);
    expect(server.publish(SERVICE, 1, 'x')).toBe(1);
    await client.close();
    await eventually(() => expect(server.publish(SERVICE, 1, 'x')).toBe(0));
  });

  it('a connection is disconnected from the service that it was connected to', async () => {
    const seen: string[] = [];
    const server = await serve();
    const registration = server.handle(SERVICE, 1, () => 'one');
    const client = await connect({ name: server.name });
    registration.remove();
    server.service(SERVICE, {
      connect: () => void seen.push('connect'),
      disconnect: () => void seen.push('disconnect'),
      requests: { 1: () => 'the service' },
    });
    expect(await ask(client, 1)).toBe('the service');
    await client.close();
    await eventually(() => expect(server.connections.size).toBe(0));
    expect(seen).toEqual([]);
    const other = await connect({ name: server.name });
    await other.close();
    await eventually(() => expect(seen).toEqual(['connect', 'disconnect']));
  });

  it('a request that it was given can be answered after it went', async () => {
    const server = await serve();
    const registration = server.handle(SERVICE, 1, (request) => {
      registration.remove();
      setImmediate(() => request.respond('late'));
    });
    const client = await connect({ name: server.name });
    expect(await ask(client, 1)).toBe('late');
    expect(await ask(client, 1)).toBe(CS.ERR_INVALID_PARAM);
  });
});
