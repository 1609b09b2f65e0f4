// Slow consumers as the other APIs meet them: the C names, a connect function, and RxJS. The clients
// are in this process and read nothing until they are asked to.

import { libuvPoll } from '@coroipc/adapter-libuv';
import { type ServedRequest, serve } from '@coroipc/adapter-rxjs';
import {
  CoroIpcError,
  CS,
  coroipcs,
  encodeResponse,
  IpcClient,
  type IpcClientOptions,
  type IpcConnection,
  IpcServer,
  type IpcServerOptions,
  type IpcsConnection,
  type OverflowPolicy,
} from '@coroipc/core';
import { of as just, map, Subject, startWith } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freshName } from './child.js';
import { eventually } from './machine.js';

interface Way {
  readonly wire: string;
  readonly server: Partial<IpcServerOptions>;
  readonly client: Partial<IpcClientOptions>;
}

const WIRES: readonly Way[] = [
  { wire: 'native', server: {}, client: {} },
  { wire: 'classic 1.2', server: { wires: ['classic'] }, client: { generation: '1.2' } },
  { wire: 'classic 1.4', server: { wires: ['classic'] }, client: { generation: '1.4' } },
];

const SERVICE = 7;
const MESSAGE_BYTES = 500;
const LIMIT_BYTES = 4 * MESSAGE_BYTES;
const message = (id: number, bytes = MESSAGE_BYTES): Buffer =>
  encodeResponse(id, CS.OK, Buffer.alloc(bytes - 24));

const status = (error: unknown): unknown => (CoroIpcError.is(error) ? error.status : error);
function outcome(step: () => unknown): unknown {
  try {
    return step();
  } catch (error) {
    return status(error);
  }
}

describe.each(WIRES)('wire $wire', (of) => {
  async function connect(name: string): Promise<IpcClient> {
    const options: Partial<IpcClientOptions> = of.client;
    const client = await IpcClient.connect({
      name,
      service: SERVICE,
      adapter: libuvPoll(),
      dispatchBytes: 4096,
      ...options,
    });
    onTestFinished(() => client.close());
    return client;
  }

  /** The ids of the messages that a client gets from now on, as they come. */
  function ids(client: IpcClient): number[] {
    const got: number[] = [];
    client.on('dispatch', ({ id }) => got.push(id));
    return got;
  }

  /** A server of coroipcs with one connection, and what its functions heard. */
  async function ipcs(policy: OverflowPolicy | null) {
    const counts: Record<string, number> = {};
    const lines: string[] = [];
    const asked: number[] = [];
    let conn: IpcsConnection | undefined;
    let exits = 0;
    const name = freshName();
    const server = coroipcs.ipcInit({
      socketName: name,
      adapter: libuvPoll(),
      limits: { maxQueueBytes: LIMIT_BYTES },
      ...of.server,
      overflowGet(service) {
        asked.push(service);
        return policy;
      },
      initFnGet: () => (one) => {
        conn = one;
      },
      exitFnGet: () => () => {
        exits += 1;
      },
      statsIncrementValue: (_handle, value) => {
        counts[value] = (counts[value] ?? 0) + 1;
      },
      logPrintf: (recId, _function, _file, _line, text) => {
        if ((recId & 7) === 4) lines.push(text);
      },
    });
    onTestFinished(async () => {
      await eventually(() => expect(coroipcs.ipcExit(server)).toBe(0));
    });
    const client = await connect(name);
    expect(asked).toEqual([SERVICE]);
    const send = (id: number, bytes?: number): unknown =>
      outcome(() => coroipcs.dispatchSend(conn as IpcsConnection, message(id, bytes)));
    /** Sends up to a hundred; how many were taken, and what the next one saw. */
    const flood = () => {
      for (let sent = 0; sent < 100; sent += 1) {
        const seen = send(sent);
        if (seen !== 0) return { sent, seen };
      }
      return { sent: 100, seen: 0 };
    };
    return { client, counts, lines, send, flood, exits: () => exits };
  }

  it("coroipcs: 'queue' where overflowGet says nothing, and 'reject'", async () => {
    const queue = await ipcs(null);
    const full = queue.flood();
    expect(full.seen).toBe(CS.ERR_TRY_AGAIN);
    expect(queue.counts).toMatchObject({ overload: 1, queue_size: 4 });
    const reject = await ipcs('reject');
    const refused = reject.flood();
    expect(refused).toEqual({ sent: full.sent - 4, seen: CS.ERR_TRY_AGAIN });
    expect(reject.counts).toMatchObject({ overload: 1, flow_control_count: 1 });
    expect(reject.counts).not.toHaveProperty('queue_size');
    const got = ids(reject.client);
    await eventually(() => expect(got.length).toBe(refused.sent));
    await eventually(() => expect(reject.client.flowControl).toBe(false));
    expect(reject.send(55)).toBe(0);
    await eventually(() => expect(got.at(-1)).toBe(55));
  });

  it("coroipcs: 'drop-oldest' and its count", async () => {
    const { client, counts, flood, send } = await ipcs('drop-oldest');
    expect(flood()).toEqual({ sent: 100, seen: 0 });
    expect(send(900, LIMIT_BYTES + 1)).toBe(CS.ERR_TRY_AGAIN);
    const direct = counts['dispatched'] ?? 0;
    expect(counts['dropped']).toBe(100 - direct - 4);
    const got = ids(client);
    await eventually(() => expect(got.length).toBe(direct + 4));
    expect(got.slice(-4)).toEqual([96, 97, 98, 99]);
    expect(got.slice(0, direct)).toEqual(Array.from({ length: direct }, (_, id) => id));
  });

  it("coroipcs: 'disconnect', its count, and a line in the log", async () => {
    const { client, counts, lines, flood, exits } = await ipcs('disconnect');
    const { sent, seen } = flood();
    expect(seen).toBe(CS.ERR_LIBRARY);
    expect(exits()).toBe(1);
    expect(counts).toMatchObject({ overflow: 1 });
    expect(lines).toEqual([
      expect.stringMatching(
        /^connection \d+ of uid \d+, pid \d+ does not keep up and is ended: 4 messages of 2000 bytes/,
      ),
    ]);
    const got = ids(client);
    await eventually(() => expect(client.closed).toBe(true));
    expect(got.length).toBe(sent - 4);
  });

  async function serving(policy: OverflowPolicy, connected?: (one: IpcConnection) => void) {
    const server = new IpcServer({ name: freshName(), adapter: libuvPoll(), ...of.server });
    onTestFinished(() => server.close());
    server.service(SERVICE, {
      overflow: policy,
      maxQueueBytes: LIMIT_BYTES,
      connect: (connection) => connected?.(connection),
    });
    const drains: IpcConnection[] = [];
    server.on('drain', (connection) => drains.push(connection));
    await server.listen();
    return { server, drains };
  }

  it.each(['reject', 'disconnect'] as const)(
    "what a connect function sends is no backlog for '%s'",
    async (policy) => {
      const sent: unknown[] = [];
      const { server, drains } = await serving(policy, (connection) => {
        for (const id of [1, 2, 3, 4, 5]) sent.push(connection.dispatch(id, Buffer.alloc(476)));
      });
      const client = await connect(server.name);
      const got = ids(client);
      await eventually(() => expect(got).toEqual([1, 2, 3, 4, 5]));
      // It was told that they wait, so it is told that they do not any more.
      expect(sent).toEqual([false, false, false, false, false]);
      expect(drains).toEqual([...server.connections]);
      expect(server.stats()).toMatchObject({ connections: 1, rejected: 0, overflows: 0 });
    },
  );

  it('the message says how full it is', async () => {
    const { server } = await serving('queue');
    await connect(server.name);
    const [connection] = server.connections;
    const fill = () => {
      for (;;) connection?.dispatch(1, Buffer.alloc(476));
    };
    expect(fill).toThrow(
      'a dispatch message of 500 bytes: the ring is full, and 2000 bytes wait of 2000 that may',
    );
  });

  /** A request that is answered, and then sends what `next` says, over a service with a policy. */
  async function feed(policy: OverflowPolicy) {
    const { server } = await serving(policy);
    const numbers = new Subject<number>();
    const served: ServedRequest[] = [];
    const errors: unknown[] = [];
    server.on('requestError', (error) => errors.push(status(error)));
    const text = numbers.pipe(
      map((number) => `${number}`.padEnd(476)),
      startWith('answer'),
    );
    const done = serve(server, SERVICE, ({ id }) => (id === 1 ? text : just('fine'))).subscribe(
      (one) => served.push(one),
    );
    onTestFinished(() => done.unsubscribe());
    const client = await connect(server.name);
    expect((await client.call(1)).toString()).toBe('answer');
    for (let number = 0; number < 100; number += 1) numbers.next(number);
    return { server, client, numbers, served, errors };
  }

  it("serve: goes on with 'drop-oldest'", async () => {
    const { server, client, numbers, served, errors } = await feed('drop-oldest');
    expect([served, errors, numbers.observed]).toEqual([[], [], true]);
    const got: string[] = [];
    client.on('dispatch', ({ payload }) => got.push(payload.toString().trim()));
    await eventually(() => expect(got.at(-1)).toBe('99'));
    expect(got.length).toBe(100 - server.stats().dropped);
  });

  it("serve: one request fails with 'reject'", async () => {
    const { client, numbers, served, errors } = await feed('reject');
    expect(errors).toEqual([CS.ERR_TRY_AGAIN]);
    expect(served).toMatchObject([{ id: 1, ended: 'failed' }]);
    expect(numbers.observed).toBe(false);
    expect((await client.call(2)).toString()).toBe('fine');
  });

  it("serve: is left with its connection by 'disconnect'", async () => {
    const { server, client, numbers, served, errors } = await feed('disconnect');
    expect(served).toMatchObject([{ id: 1, ended: 'disconnected' }]);
    expect([errors, numbers.observed]).toEqual([[], false]);
    expect(server.stats()).toMatchObject({ overflows: 1, connections: 0 });
    await eventually(() => expect(client.closed).toBe(true));
    expect((await (await connect(server.name)).call(2)).toString()).toBe('fine');
  });
});
