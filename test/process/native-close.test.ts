// close, of a server, a connection or a client, inside every call-back: nothing hangs, nothing
// crashes, every promise settles, and both processes end by themselves.

import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { returned } from './returned.js';

const ADAPTERS = ['libuv', 'thread'] as const;
/** What a server closes, and where. */
const CLOSES = ['server', 'connection'] as const;
const AT = ['connect', 'connection', 'handler', 'tick', 'async', 'disconnect', 'drain'] as const;
/** Where a client closes. */
const CLIENT_AT = [
  ...['then', 'thenSync', 'dispatch', 'dispatchSync', 'iterator', 'flowControl', 'close'],
] as const;

interface Argument {
  readonly name: string;
  readonly adapter: (typeof ADAPTERS)[number];
  readonly at: string;
  readonly closes: string;
}

// Answers 1, sends messages for 2 until they are queued; closes when the time has come.
const serve: Task<Argument> = async (tools, { name, adapter, at, closes }) => {
  const { IpcServer, adapters, say, told } = tools;
  const server = new IpcServer({ name, adapter: adapters[adapter]() });
  type Connection = Parameters<NonNullable<Parameters<typeof server.service>[1]['connect']>>[0];
  let closed = 0;
  const now = (where: string, connection: Connection) => {
    if (where !== at || closed++ > 0) return;
    if (closes === 'connection') connection.close();
    else server.close().then(() => say('closed'));
  };
  server.on('connection', (connection) => now('connection', connection));
  server.on('drain', (connection) => now('drain', connection));
  server.on('requestError', (error) => say('requestError', String(error)));
  server.service(1, {
    connect: (connection) => now('connect', connection),
    disconnect: (connection) => {
      now('disconnect', connection);
      say('disconnected');
    },
    requests: {
      1: ({ payload, connection }) => {
        process.nextTick(() => now('tick', connection));
        now('handler', connection);
        return payload;
      },
      2: ({ connection }) => {
        const body = Buffer.alloc(1000);
        for (let left = 3; left > 0; ) if (!connection.dispatch(1, body)) left--;
        return '';
      },
      3: async ({ payload, connection }) => {
        await null;
        now('async', connection);
        return payload;
      },
    },
  });
  await server.listen();
  say('ready');
  if (closes === 'server') return;
  await told();
  await server.close();
};

// Everything at once, until it is over; says how each ended.
const use: Task<Argument> = async (tools, { name, adapter }) => {
  const { IpcClient, CoroIpcError, adapters, say } = tools;
  const own = adapters[adapter]();
  const options = { name, service: 1, adapter: own, dispatchBytes: 8192 };
  const outcome = async (step: () => unknown) => {
    try {
      await step();
      return 'done';
    } catch (error) {
      return CoroIpcError.is(error) ? error.status : String(error);
    }
  };
  const clients = await Promise.allSettled([1, 2, 3].map(() => IpcClient.connect(options)));
  const all: Promise<unknown>[] = [];
  for (const client of clients) {
    if (client.status === 'rejected') {
      say('refused', await outcome(() => Promise.reject(client.reason)));
      continue;
    }
    const { value } = client;
    for (let round = 0; round < 20; round++) {
      all.push(outcome(() => value.call(1 + 2 * (round % 2), 'x')));
    }
    all.push(outcome(() => value.call(2)));
    all.push(outcome(() => value.callSync(1, 'sync')));
    all.push(
      outcome(async () => {
        let seen = 0;
        for await (const _message of value.dispatches()) if (++seen === 8) break;
      }),
    );
  }
  say('outcomes', [...new Set(await Promise.all(all))]);
  for (const client of clients) if (client.status === 'fulfilled') await client.value.close();
  return 'settled';
};

describe.each(ADAPTERS)('a server with %s closes', (adapter) => {
  it.each(CLOSES.flatMap((closes) => AT.map((at) => ({ closes, at }))))(
    '$closes in $at',
    async ({ closes, at }) => {
      const argument = { name: freshName(), adapter, at, closes };
      const server = Child.start(serve, argument);
      await server.said('ready');
      const client = Child.start(use, argument);
      expect(await client.ended()).toMatchObject({ outcome: 0, errors: '' });
      expect(await client.said('returned')).toBe('settled');
      // An answer, the end of the connection, or its refusal.
      for (const outcome of client.values('outcomes').flat())
        expect(['done', 2]).toContain(outcome);
      for (const refusal of client.values('refused')) expect([2, 6]).toContain(refusal);
      if (closes === 'server') await server.said('closed');
      else server.tell('end');
      expect(await server.ended()).toMatchObject({ outcome: 0, errors: '' });
      expect(server.values('requestError')).toEqual([]);
    },
  );
});

describe.each(ADAPTERS)('a client with %s closes', (adapter) => {
  it.each(CLIENT_AT)('in %s', async (at) => {
    const argument = { name: freshName(), adapter, at: 'never', closes: 'connection' };
    const server = Child.start(serve, argument);
    await server.said('ready');
    const task: Task<Argument> = async (tools, { name, adapter, at }) => {
      const { IpcClient, CoroIpcError, adapters } = tools;
      const options = { name, service: 1, adapter: adapters[adapter](), dispatchBytes: 8192 };
      const client = await IpcClient.connect(options);
      const statuses = new Set<unknown>();
      let closing: Promise<void> | undefined;
      const now = (where: string) => {
        if (where === at) closing ??= client.close();
      };
      const settle = async (step: Promise<unknown>) => {
        try {
          await step;
        } catch (error) {
          statuses.add(CoroIpcError.is(error) ? error.status : String(error));
        }
      };
      client.on('flowControl', () => now('flowControl'));
      client.on('close', () => client.close());
      let messages = 0;
      if (at !== 'iterator') {
        client.on('dispatch', () => {
          if (++messages < 3) return;
          if (at === 'dispatchSync' && !client.closed) {
            client.callSync(1, 'within');
            closing ??= client.close();
          }
          now('dispatch');
        });
      }
      const all = Array.from({ length: 400 }, (_, round) =>
        settle(
          client.call(round === 20 ? 2 : 1, 'x').then(() => {
            if (round !== 30) return;
            if (at === 'thenSync') {
              client.callSync(1, 'within');
              closing ??= client.close();
            }
            now('then');
          }),
        ),
      );
      const iterate = async () => {
        for await (const _message of client.dispatches({ highWaterMark: 2 })) {
          if (++messages === 3) now('iterator');
        }
      };
      if (at === 'iterator') all.push(settle(iterate()));
      await Promise.all(all);
      closing ??= client.close();
      await closing;
      return [...statuses];
    };
    const client = await returned(task, { ...argument, at });
    // Those that were cut off know why; there may be none.
    for (const status of client as unknown[]) expect(status).toBe(9);
    await server.said('disconnected');
    server.tell('end');
    expect(await server.ended()).toMatchObject({ outcome: 0, errors: '' });
  });
});
