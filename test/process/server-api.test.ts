// IpcServer in this process, with clients in this one and in others: what its options, services,
// handlers, connections and events do.

import { libuvPoll } from '@coroipc/adapter-libuv';
import {
  CoroIpcError,
  CS,
  coroipcc,
  IpcClient,
  type IpcClientOptions,
  type IpcConnection,
  type IpcRequest,
  IpcServer,
  type IpcServerOptions,
  threadPoll,
} from '@coroipc/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { eventually, expectNoneLeft, sharedFiles } from './machine.js';
import { EVERY_WIRE, SPEAKS, type Speaks, WIRES } from './wires.js';

const ADAPTERS = { libuv: libuvPoll, thread: threadPoll };
const NOBODY = 65534;

const matrix = EVERY_WIRE.flatMap((over) =>
  (['libuv', 'thread'] as const).map((adapter) => ({ over, adapter })),
);

const status = (error: unknown): unknown => (CoroIpcError.is(error) ? error.status : error);
const rejected = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => 'it was not rejected', status);
function thrown(step: () => unknown): unknown {
  try {
    step();
  } catch (error) {
    return status(error);
  }
  return 'it did not throw';
}

describe.each(matrix)('over $over, $adapter', ({ over, adapter }) => {
  async function serve(
    prepare: (server: IpcServer) => unknown,
    options: Partial<IpcServerOptions> = {},
  ): Promise<IpcServer> {
    const server = new IpcServer({
      name: freshName(),
      wires: WIRES,
      adapter: ADAPTERS[adapter](),
      ...options,
    });
    onTestFinished(() => server.close());
    prepare(server);
    await server.listen();
    return server;
  }

  async function connect(
    server: IpcServer,
    options: Partial<IpcClientOptions> = {},
  ): Promise<IpcClient> {
    const client = await IpcClient.connect({
      name: server.name,
      service: 1,
      ...SPEAKS[over],
      adapter: ADAPTERS[adapter](),
      ...options,
    });
    onTestFinished(() => client.close());
    return client;
  }

  it('answers by a value, a promise, later, and by nothing', async () => {
    const server = await serve((one) =>
      one.service(1, {
        requests: {
          1: ({ payload }) => payload,
          2: ({ payload }) => `text: ${payload}`,
          3: async ({ payload }) => {
            await new Promise(setImmediate);
            return payload;
          },
          4: (request) => void setTimeout(() => request.respond(request.payload), 5),
          5: async () => {},
          6: async (request) => {
            request.respond('first');
            return 'not this';
          },
          7: (request) => {
            request.respond();
          },
        },
      }),
    );
    const client = await connect(server);
    const ask = async (id: number) => (await client.call(id, 'wörter')).toString();
    expect(await ask(1)).toBe('wörter');
    expect(await ask(2)).toBe('text: wörter');
    expect(await ask(3)).toBe('wörter');
    expect(await ask(4)).toBe('wörter');
    expect(await ask(5)).toBe('');
    expect(await ask(6)).toBe('first');
    expect(await ask(7)).toBe('');
  });

  it('answers errors: a throw, a rejection, fail, nobody for the id', async () => {
    const failures: unknown[] = [];
    const server = await serve((one) => {
      one.on('requestError', (error, request) => failures.push([status(error), request.id]));
      one.service(1, {
        requests: {
          1: () => {
            throw new CoroIpcError(CS.ERR_NO_SPACE, 'no room');
          },
          2: () => {
            throw new Error('any other');
          },
          3: () => Promise.reject(new CoroIpcError(CS.ERR_BUSY, 'busy')),
          4: (request) => request.fail(4711),
          5: () => 5 as unknown as string,
          7: () => {
            throw new CoroIpcError(2 ** 40, 'a status that no header can carry');
          },
        },
        select: (id) => (id === 100 ? () => 'selected' : undefined),
      });
    });
    const client = await connect(server);
    expect(await rejected(client.call(1))).toBe(CS.ERR_NO_SPACE);
    expect(await rejected(client.call(2))).toBe(CS.ERR_LIBRARY);
    expect(await rejected(client.call(3))).toBe(CS.ERR_BUSY);
    expect(await rejected(client.call(4))).toBe(4711);
    expect(await rejected(client.call(5))).toBe(CS.ERR_LIBRARY);
    expect(await rejected(client.call(6))).toBe(CS.ERR_INVALID_PARAM);
    expect(await rejected(client.call(7))).toBe(CS.ERR_LIBRARY);
    expect((await client.call(100)).toString()).toBe('selected');
    expect(failures).toEqual([
      [CS.ERR_NO_SPACE, 1],
      [expect.objectContaining({ message: 'any other' }), 2],
      [CS.ERR_BUSY, 3],
      [expect.any(TypeError), 5],
      [2 ** 40, 7],
    ]);
    expect(server.stats()).toMatchObject({ requests: 8, responses: 8, invalidRequests: 1 });
  });

  it('a request is answered once, and not by too much', async () => {
    const outcomes: unknown[] = [];
    const server = await serve((one) =>
      one.service(1, {
        requests: {
          1(request) {
            outcomes.push(
              // The native wire's rings are powers of two.
              thrown(() => request.respond(Buffer.alloc(16_384))),
              request.answered,
            );
            request.respond('fits');
            outcomes.push(request.answered);
            outcomes.push(thrown(() => request.respond('again')));
            outcomes.push(thrown(() => request.fail(CS.ERR_BUSY)));
          },
        },
      }),
    );
    const client = await connect(server, { responseBytes: 8192 });
    expect((await client.call(1)).toString()).toBe('fits');
    const { ERR_TOO_BIG, ERR_BAD_OPERATION } = CS;
    expect(outcomes).toEqual([ERR_TOO_BIG, false, true, ERR_BAD_OPERATION, ERR_BAD_OPERATION]);
    expect(await rejected(client.call(1).then(() => client.call(2)))).toBe(CS.ERR_INVALID_PARAM);
  });

  it('every service and every id up to 65535', async () => {
    const server = await serve((one) => {
      for (const service of [0, 1, 65535]) {
        one.service(service, {
          requests: { 0: () => `${service} 0`, 65535: () => `${service} 65535` },
        });
      }
    });
    expect(thrown(() => server.service(65536, {}))).toBeInstanceOf(RangeError);
    expect(thrown(() => server.service(1, {}))).toBe(CS.ERR_EXIST);
    expect(thrown(() => server.service(2, { requests: { 65536: () => '' } }))).toBeInstanceOf(
      RangeError,
    );
    for (const service of [0, 1, 65535]) {
      const client = await connect(server, { service });
      for (const id of [0, 65535]) {
        expect((await client.call(id)).toString()).toBe(`${service} ${id}`);
      }
      expect(await rejected(client.call(1))).toBe(CS.ERR_INVALID_PARAM);
    }
    expect(await rejected(connect(server, { service: 2 }))).toBe(CS.ERR_NOT_EXIST);
    server.service(2, {});
    await connect(server, { service: 2 });
  });

  it('connections: who they are, their data, and both their functions', async () => {
    const events: unknown[] = [];
    let connection: IpcConnection | undefined;
    const server = await serve((one) => {
      one.on('connection', (seen) => events.push(['connection', seen.service]));
      one.on('disconnect', (seen) => events.push(['disconnect', seen.data]));
      one.service(1, {
        connect: (made) => {
          connection = made;
          made.data = { any: 'thing' };
          made.dispatch(1, 'welcome');
        },
        disconnect: (over) => events.push(['over', over.data, over.closed]),
      });
    });
    const client = await connect(server);
    const iterator = client.dispatches();
    expect((await iterator.next()).value.payload.toString()).toBe('welcome');
    expect([...server.connections]).toEqual([connection]);
    expect(connection).toMatchObject({
      service: 1,
      uid: process.getuid?.(),
      gid: process.getgid?.(),
      pid: process.pid,
      wire: SPEAKS[over].wire,
      generation: SPEAKS[over].generation,
      closed: false,
    });
    await client.close();
    await eventually(() => expect(server.connections.size).toBe(0));
    const data = { any: 'thing' };
    expect(events).toEqual([
      ['connection', 1],
      ['over', data, true],
      ['disconnect', data],
    ]);
    expect(server.stats()).toMatchObject({ connections: 0, connectionsTotal: 1, dispatched: 1 });
  });

  it('a connection that the server closes, in its connect function too', async () => {
    const server = await serve((one) => {
      one.service(1, { requests: { 1: (request) => request.connection.close() } });
      one.service(2, { connect: (connection) => connection.close() });
    });
    const client = await connect(server);
    expect(await rejected(client.call(1))).toBe(CS.ERR_LIBRARY);
    await eventually(() => expect(client.closed).toBe(true));
    // It may be over before the client knows of it, or right after.
    const brief = await connect(server, { service: 2 }).catch(status);
    if (brief instanceof IpcClient) await eventually(() => expect(brief.closed).toBe(true));
    await eventually(() => expect(server.connections.size).toBe(0));
  });

  it('refuses by authenticate, by what it returns or throws, and by connect', async () => {
    const files = sharedFiles();
    const asked: unknown[] = [];
    const answers: (() => unknown)[] = [
      () => false,
      () => 1,
      () => 'true',
      () => Promise.resolve(true),
      () => undefined,
    ];
    for (const answer of answers) {
      const server = await serve((one) => one.service(1, {}), {
        authenticate: (peer, service) => {
          asked.push([peer, service]);
          return answer() as boolean;
        },
      });
      expect(await rejected(connect(server))).toBe(CS.ERR_SECURITY);
      expect(server.stats()).toMatchObject({ refused: 1, connectionsTotal: 0 });
    }
    const { pid } = process;
    const peer = { uid: process.getuid?.(), gid: process.getgid?.(), pid };
    expect(asked).toEqual(answers.map(() => [peer, 1]));
    const refusing = await serve((one) =>
      one
        .service(1, {
          connect: () => {
            throw new CoroIpcError(CS.ERR_ACCESS, 'no');
          },
        })
        .service(2, {
          connect: () => {
            throw new Error('no');
          },
        }),
    );
    expect(await rejected(connect(refusing))).toBe(CS.ERR_ACCESS);
    expect(await rejected(connect(refusing, { service: 2 }))).toBe(CS.ERR_LIBRARY);
    expect(refusing.stats()).toMatchObject({ refused: 2, connections: 0 });
    await expectNoneLeft(files);
  });

  it('dispatches: false behind a full ring, then TRY_AGAIN, drain, and all in order', async () => {
    let drains = 0;
    const server = await serve(
      (one) => {
        one.on('drain', () => {
          drains++;
        });
        one.service(1, { requests: { 1: ({ payload }) => payload } });
      },
      { limits: { maxQueueBytes: 30_000 } },
    );
    const client = await connect(server, { dispatchBytes: 8192 });
    const [connection] = server.connections;
    if (connection === undefined) throw new Error('nobody is connected');
    expect(thrown(() => connection.dispatch(1, Buffer.alloc(8192)))).toBe(CS.ERR_TOO_BIG);
    let sent = 0;
    let queued = 0;
    for (;;) {
      try {
        const direct = connection.dispatch(sent & 0xffff, Buffer.alloc(300, sent));
        if (!direct) queued++;
        else expect(queued).toBe(0);
        sent++;
      } catch (error) {
        expect(status(error)).toBe(CS.ERR_TRY_AGAIN);
        break;
      }
    }
    expect(queued).toBeGreaterThan(50);
    expect(connection.stats()).toMatchObject({ queuedMessages: queued, flowControlCount: 1 });
    expect(drains).toBe(0);
    // A call goes through all the same.
    expect((await client.call(1, 'x')).toString()).toBe('x');
    let received = 0;
    for await (const { id, payload } of client.dispatches()) {
      expect(id).toBe(received);
      expect(payload.equals(Buffer.alloc(300, received))).toBe(true);
      received++;
      if (received === sent) break;
    }
    await eventually(() => expect(drains).toBe(1));
    expect(connection.stats()).toMatchObject({ queuedMessages: 0, queuedBytes: 0 });
    expect(connection.dispatch(1, 'there is room')).toBe(true);
  });

  it('publishes to every connection of a service', async () => {
    const server = await serve((one) => one.service(1, {}).service(2, {}));
    const clients = await Promise.all([connect(server), connect(server)]);
    const other = await connect(server, { service: 2 });
    let others = 0;
    other.on('dispatch', () => {
      others++;
    });
    const iterators = clients.map((client) => client.dispatches());
    expect(server.publish(1, 7, 'to all')).toBe(2);
    expect(server.publish(3, 7, 'to none')).toBe(0);
    for (const iterator of iterators) {
      const { value } = await iterator.next();
      expect([value.id, value.status, value.payload.toString()]).toEqual([7, CS.OK, 'to all']);
    }
    await clients[0]?.close();
    await eventually(() => expect(server.publish(1, 7)).toBe(1));
    expect(others).toBe(0);
  });

  it('close ends all connections, answers nobody, and frees the name', async () => {
    const files = sharedFiles();
    let request: IpcRequest | undefined;
    const server = await serve((one) =>
      one.service(1, {
        requests: {
          1: (asked) => {
            request = asked;
          },
        },
      }),
    );
    const client = await connect(server);
    const call = rejected(client.call(1));
    await eventually(() => expect(request).toBeDefined());
    await server.close();
    expect(await call).toBe(CS.ERR_LIBRARY);
    expect(thrown(() => request?.respond())).toBe(CS.ERR_LIBRARY);
    await eventually(() => expect(client.closed).toBe(true));
    await client.close();
    const again = await serve((one) => one.service(1, { requests: { 1: () => 'again' } }), {
      name: server.name,
    });
    expect((await (await connect(again)).call(1)).toString()).toBe('again');
    await expectNoneLeft(files);
  });

  it('maxConnections refuses one too many, and takes it when there is room', async () => {
    const server = await serve((one) => one.service(1, {}), { limits: { maxConnections: 2 } });
    const first = await connect(server);
    await connect(server);
    expect(await rejected(connect(server))).toBe(CS.ERR_NO_RESOURCES);
    await first.close();
    await eventually(() => expect(server.connections.size).toBe(1));
    await connect(server);
  });

  it('maxBufferBytes refuses larger buffers', async () => {
    const limits = { maxBufferBytes: 65536 };
    const server = await serve((one) => one.service(1, {}), { limits });
    // The native wire needs 16 bytes around each message.
    const most = over === 'native' ? 65536 - 24 : 65536;
    const sizes = { requestBytes: most, responseBytes: most, dispatchBytes: 65536 };
    await connect(server, sizes);
    for (const size of Object.keys(sizes)) {
      const larger = { ...sizes, [size]: 65537 };
      expect(typeof (await rejected(connect(server, larger)))).toBe('number');
    }
    expect(server.connections.size).toBe(1);
  });

  it('blocking on a server of the same thread is refused', async () => {
    const server = await serve((one) => one.service(1, { requests: { 1: () => 'x' } }));
    const client = await connect(server);
    expect(thrown(() => client.callSync(1))).toBe(CS.ERR_BAD_OPERATION);
    const sync = () => coroipcc.serviceConnect(server.name, 1, 4096, 4096, 4096);
    expect(thrown(sync)).toBe(CS.ERR_BAD_OPERATION);
    expect((await client.call(1)).toString()).toBe('x');
  });

  it('a name in use rejects', async () => {
    const server = await serve(() => {});
    const second = new IpcServer({ name: server.name, adapter: ADAPTERS[adapter]() });
    await expect(second.listen()).rejects.toMatchObject({ errno: 98 });
    expect(second.listening).toBe(false);
    await second.close();
    expect(await rejected(server.listen())).toBe(CS.ERR_BAD_OPERATION);
  });
});

interface Stranger {
  readonly name: string;
  readonly wires: readonly Speaks[];
}

/** Connects with both APIs, as somebody else, and says what came of it. */
const stranger: Task<Stranger> = async (
  { IpcClient, coroipcc, CoroIpcError, say },
  { name, wires },
) => {
  const outcome = (error: unknown) => (CoroIpcError.is(error) ? error.status : String(error));
  for (const speaks of wires) {
    try {
      const client = await IpcClient.connect({ name, service: 1, ...speaks });
      say('people', client.callSync(1, 'x').toString());
      await client.close();
    } catch (error) {
      say('people', outcome(error));
    }
    try {
      coroipcc.serviceDisconnect(coroipcc.serviceConnect(name, 1, 4096, 4096, 4096, speaks));
      say('c', 'connected');
    } catch (error) {
      say('c', outcome(error));
    }
  }
};

describe.runIf(process.getuid?.() === 0)('a peer of another user', () => {
  it.each([
    ['refused by default', undefined, 100, 100],
    ['admitted by authenticate', () => true, 'x', 'connected'],
  ] as const)('is %s', async (_what, authenticate, people, c) => {
    const files = sharedFiles();
    const server = new IpcServer({
      name: freshName(),
      wires: WIRES,
      ...(authenticate === undefined ? {} : { authenticate }),
    });
    onTestFinished(() => server.close());
    const uids: number[] = [];
    server.service(1, {
      connect: ({ uid }) => void uids.push(uid),
      requests: { 1: ({ payload }) => payload },
    });
    await server.listen();
    const user = { uid: NOBODY, gid: NOBODY };
    const child = Child.start(stranger, { name: server.name, wires: Object.values(SPEAKS) }, user);
    expect(await child.ended()).toMatchObject({ outcome: 0, errors: '' });
    expect(child.values('people')).toEqual(EVERY_WIRE.map(() => people));
    expect(child.values('c')).toEqual(EVERY_WIRE.map(() => c));
    expect(uids).toEqual(
      authenticate === undefined ? [] : Array(2 * EVERY_WIRE.length).fill(NOBODY),
    );
    await expectNoneLeft(files);
  });
});
