// What is called when it is over, and what is called, exits or throws inside a call-back: an
// error or nothing, as documented, never a crash.

import type { Wire } from '@coroipc/core';
import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { expectNoneLeft, sharedFiles } from './machine.js';
import { SERVICE, startServer } from './services.js';
import { EVERY_WIRE, SPEAKS, type Speaks, WIRES } from './wires.js';

const ADAPTERS = ['libuv', 'thread'] as const;

interface ToServer {
  readonly name: string;
  readonly service: number;
}

interface Alone {
  readonly name: string;
  readonly adapter: (typeof ADAPTERS)[number];
}

/** Runs a task to its end and gives what it said by the word "outcome". */
async function outcomes<Argument>(task: Task<Argument>, argument: Argument): Promise<unknown> {
  const child = Child.start(task, argument);
  const ended = await child.ended();
  expect(ended).toMatchObject({ outcome: 0, errors: '' });
  return Object.assign({}, ...(child.values('outcome') as object[]));
}

const BAD_HANDLE = 'ERR_COROIPC_BAD_HANDLE';
const LIBRARY = 'ERR_COROIPC_LIBRARY';
const BAD_OPERATION = 'ERR_COROIPC_BAD_OPERATION';

describe('after the end', () => {
  it.each(EVERY_WIRE)(
    'every function of coroipcc gives BAD_HANDLE, and every view is still there, over %s',
    async (over) => {
      const { name } = await startServer();
      const task: Task<ToServer & { speaks: Speaks }> = (tools, { name, service, speaks }) => {
        const { coroipcc, encodeRequest, say } = tools;
        const handle = coroipcc.serviceConnect(name, service, 8192, 8192, 8192, speaks);
        const request = encodeRequest(1, 'hello');
        const burst = Buffer.alloc(8);
        burst.writeUInt32LE(3);
        coroipcc.msgSendReplyReceive(handle, encodeRequest(3, burst));
        const message = coroipcc.dispatchGet(handle);
        const memory = coroipcc.zcbAlloc(handle, 4096, 16);
        const answer = coroipcc.msgSendReplyReceiveInBufGet(handle, request);
        coroipcc.serviceDisconnect(handle);
        say('views', [message?.length, memory.length, answer.toString('utf8', 24)]);
        say('closed', handle.closed);
        const all: Record<string, () => unknown> = {
          serviceDisconnect: () => coroipcc.serviceDisconnect(handle),
          fdGet: () => coroipcc.fdGet(handle),
          dispatchFlowControlGet: () => coroipcc.dispatchFlowControlGet(handle),
          flowControlGet: () => coroipcc.flowControlGet(handle),
          dispatchGet: () => coroipcc.dispatchGet(handle, 0),
          dispatchPut: () => coroipcc.dispatchPut(handle),
          dispatchRecv: () => coroipcc.dispatchRecv(handle, 0),
          msgSendReplyReceive: () => coroipcc.msgSendReplyReceive(handle, request),
          msgSendReplyReceiveInBufGet: () => coroipcc.msgSendReplyReceiveInBufGet(handle, request),
          msgSendReplyReceiveInBufPut: () => coroipcc.msgSendReplyReceiveInBufPut(handle),
          zcbAlloc: () => coroipcc.zcbAlloc(handle, 4096, 16),
          zcbFree: () => coroipcc.zcbFree(handle, new Uint8Array(64)),
          zcbMsgSendReplyReceive: () => coroipcc.zcbMsgSendReplyReceive(handle, new Uint8Array(64)),
        };
        const missing = Object.keys(coroipcc).filter((key) => !(key in all));
        if (missing.join() !== 'serviceConnect') throw new Error(`forgotten: ${missing}`);
        for (const [key, run] of Object.entries(all)) {
          try {
            run();
            say('outcome', { [key]: 'nothing' });
          } catch (error) {
            say('outcome', { [key]: (error as { code?: string }).code ?? String(error) });
          }
        }
      };
      const child = Child.start(task, { name, service: SERVICE, speaks: SPEAKS[over] });
      expect(await child.ended()).toMatchObject({ outcome: 0, errors: '' });
      expect(await child.said('views')).toEqual([24, 4112, 'hello']);
      expect(await child.said('closed')).toBe(true);
      const outcome = Object.assign({}, ...(child.values('outcome') as object[]));
      expect(Object.keys(outcome)).toHaveLength(13);
      expect(new Set(Object.values(outcome))).toEqual(new Set([BAD_HANDLE]));
    },
  );

  it('an IpcClient refuses, ends iterators, and closes again in silence', async () => {
    const { name } = await startServer();
    const outcome = await outcomes(
      async ({ IpcClient, say }, { name, service }: ToServer) => {
        const client = await IpcClient.connect({ name, service });
        const iterator = client.dispatches();
        let closes = 0;
        client.on('close', () => {
          closes++;
        });
        const first = client.close();
        const all: Record<string, () => unknown> = {
          callSync: () => client.callSync(1),
          callSyncInto: () => client.callSyncInto(1, 'x', Buffer.alloc(1)),
          call: () => client.call(1),
          dispatches: () => client.dispatches(),
          ref: () => client.ref() === client,
          unref: () => client.unref() === client,
          flowControl: () => client.flowControl,
          closed: () => client.closed,
          on: () => client.on('dispatch', () => {}) === client,
          close: () => Promise.all([first, client.close(), client.close()]).then(() => 'closed'),
          dispose: () => client[Symbol.asyncDispose](),
          next: async () => (await iterator.next()).done,
          return: async () => (await iterator.return?.())?.done,
          closes: () => closes,
        };
        for (const [key, run] of Object.entries(all)) {
          try {
            say('outcome', { [key]: (await run()) ?? 'nothing' });
          } catch (error) {
            say('outcome', { [key]: (error as { code?: string }).code ?? String(error) });
          }
        }
      },
      { name, service: SERVICE },
    );
    expect(outcome).toEqual({
      callSync: BAD_HANDLE,
      callSyncInto: BAD_HANDLE,
      call: BAD_HANDLE,
      dispatches: BAD_HANDLE,
      ref: true,
      unref: true,
      flowControl: false,
      closed: true,
      on: true,
      close: 'closed',
      dispose: 'nothing',
      next: true,
      return: true,
      closes: 1,
    });
  });

  it.each(ADAPTERS)('an IpcServer with %s, its connection and request refuse', async (adapter) => {
    const outcome = await outcomes(
      async ({ IpcServer, IpcClient, adapters, say }, { name, adapter }: Alone) => {
        const server = new IpcServer({ name, adapter: adapters[adapter]() });
        let closes = 0;
        let disconnects = 0;
        server.on('close', () => {
          closes++;
        });
        type Request = Parameters<
          NonNullable<Parameters<typeof server.service>[1]['requests']>[0]
        >[0];
        const requests: Request[] = [];
        server.service(1, {
          disconnect: () => {
            disconnects++;
          },
          requests: { 1: (request) => void requests.push(request) },
        });
        await server.listen();
        const client = await IpcClient.connect({ name, service: 1, adapter: adapters[adapter]() });
        const call = client.call(1, 'payload').catch((error) => error.code);
        while (requests.length === 0) await new Promise(setImmediate);
        const [request] = requests;
        const [connection] = server.connections;
        if (request === undefined || connection === undefined) throw new Error('nobody came');
        const first = server.close();
        await Promise.all([first, server.close()]);
        const all: Record<string, () => unknown> = {
          call: () => call,
          listen: () => server.listen(),
          publish: () => server.publish(1, 1, 'x'),
          stats: () => server.stats().requests,
          service: () => server.service(2, {}) === server,
          ref: () => server.ref() === server,
          unref: () => server.unref() === server,
          connections: () => server.connections.size,
          listening: () => server.listening,
          closed: () => server.closed,
          close: () => server.close(),
          dispose: () => server[Symbol.asyncDispose](),
          dispatch: () => connection.dispatch(1, 'x'),
          connectionStats: () => connection.stats().requests,
          connectionClosed: () => connection.closed,
          connectionClose: () => connection.close(),
          payload: () => request.payload.toString(),
          respond: () => request.respond('x'),
          fail: () => request.fail(2),
          events: () => [closes, disconnects].join(),
        };
        for (const [key, run] of Object.entries(all)) {
          try {
            say('outcome', { [key]: (await run()) ?? 'nothing' });
          } catch (error) {
            say('outcome', { [key]: (error as { code?: string }).code ?? String(error) });
          }
        }
        await client.close();
        // The name is free again.
        const next = new IpcServer({ name, adapter: adapters[adapter]() });
        await next.listen();
        await next.close();
      },
      { name: freshName(), adapter },
    );
    expect(outcome).toEqual({
      call: LIBRARY,
      listen: BAD_OPERATION,
      publish: 0,
      stats: 1,
      service: true,
      ref: true,
      unref: true,
      connections: 0,
      listening: false,
      closed: true,
      close: 'nothing',
      dispose: 'nothing',
      dispatch: LIBRARY,
      connectionStats: 1,
      connectionClosed: true,
      connectionClose: 'nothing',
      payload: 'payload',
      respond: LIBRARY,
      fail: LIBRARY,
      events: '1,1',
    });
  });

  it('the functions of coroipcs refuse', async () => {
    const outcome = await outcomes(
      async (tools, { name }: Alone) => {
        const { coroipcs, encodeResponse, IpcClient, say } = tools;
        let connection: Parameters<typeof coroipcs.privateDataGet>[0] | undefined;
        let asked = 0;
        const server = coroipcs.ipcInit({
          socketName: name,
          privateDataSizeGet: () => 16,
          handlerFnGet: () => (conn) => {
            connection = conn;
            asked++;
            if (asked === 1) coroipcs.refcountInc(conn);
          },
        });
        const client = await IpcClient.connect({ name, service: 9 });
        client.call(1).catch(() => {});
        while (connection === undefined) await new Promise(setImmediate);
        const conn = connection;
        const message = encodeResponse(1, 1, 'x');
        const all: Record<string, () => unknown> = {
          ipcExit: () => coroipcs.ipcExit(server),
          ipcExitAgain: () => coroipcs.ipcExit(server),
          ipcExitAll: () => coroipcs.ipcExit(),
          ipcServiceExit: () => coroipcs.ipcServiceExit(9, server),
          closed: () => server.closed,
          // A reference keeps the connection's data, but not the connection.
          privateDataGet: () => (coroipcs.privateDataGet(conn) as Buffer).length,
          privateDataSet: () => coroipcs.privateDataSet(conn, 'kept'),
          responseSend: () => coroipcs.responseSend(conn, message),
          responseIovSend: () => coroipcs.responseIovSend(conn, [message]),
          dispatchSend: () => coroipcs.dispatchSend(conn, message),
          dispatchIovSend: () => coroipcs.dispatchIovSend(conn, [message]),
          refcountInc: () => coroipcs.refcountInc(conn),
          refcountDec: () => coroipcs.refcountDec(conn),
          refcountDecAgain: () => coroipcs.refcountDec(conn),
          privateDataGetGone: () => coroipcs.privateDataGet(conn),
        };
        for (const [key, run] of Object.entries(all)) {
          try {
            say('outcome', { [key]: run() ?? 'nothing' });
          } catch (error) {
            say('outcome', { [key]: (error as { code?: string }).code ?? String(error) });
          }
        }
        await client.close();
      },
      { name: freshName(), adapter: 'thread' },
    );
    expect(outcome).toEqual({
      ipcExit: 0,
      ipcExitAgain: 0,
      ipcExitAll: 0,
      ipcServiceExit: 0,
      closed: true,
      privateDataGet: 16,
      privateDataSet: 'nothing',
      responseSend: LIBRARY,
      responseIovSend: LIBRARY,
      dispatchSend: LIBRARY,
      dispatchIovSend: LIBRARY,
      refcountInc: BAD_HANDLE,
      refcountDec: 'nothing',
      refcountDecAgain: BAD_OPERATION,
      privateDataGetGone: 'kept',
    });
  });

  it('a poll handle is silent after destroy', async () => {
    const { name } = await startServer();
    const outcome = await outcomes(
      ({ adapters, coroipcc, say }, { name, service }: ToServer) => {
        const handle = coroipcc.serviceConnect(name, service, 8192, 8192, 8192);
        for (const [key, adapter] of Object.entries(adapters)) {
          const watch = adapter().pollDispatchAdd(coroipcc.fdGet(handle), () => say('not silent'));
          watch.destroy();
          watch.destroy();
          watch[Symbol.dispose]();
          const chained = watch.ref() === watch && watch.unref() === watch;
          try {
            watch.modify(1);
            say('outcome', { [key]: 'nothing' });
          } catch (error) {
            say('outcome', { [key]: chained && error instanceof Error });
          }
        }
      },
      { name, service: SERVICE },
    );
    expect(outcome).toEqual({ libuv: true, thread: true });
  });
});

interface Inside extends Alone {
  readonly speaks: Speaks;
  readonly wires: readonly Wire[];
  readonly where: string;
  /** What to do there: `throw`, `exit`, `close`, `closeClient`, `destroy`. */
  readonly action: string;
}

/** A server and its client in one process, that do something in one of their call-backs. */
const inside: Task<Inside> = async (tools, argument) => {
  const { name, adapter, speaks, wires, where, action } = argument;
  const { IpcServer, IpcClient, coroipcs, encodeResponse, adapters, say } = tools;
  const { CoroIpcError, CS } = tools;
  let done = false;
  let uncaught = 0;
  process.on('uncaughtException', (error) => {
    uncaught++;
    say('uncaught', error.message);
  });
  const act = (here: string) => {
    if (here !== where || done) return;
    done = true;
    say('acts');
    if (action === 'throw') throw new Error('thrown on purpose');
    if (action === 'exit') process.exit(23);
    if (action === 'close') void server.close();
    if (action === 'closeClient') void client?.close();
    if (action === 'ipcExit') coroipcs.ipcExit();
    if (action === 'closeConnection') for (const one of server.connections) one.close();
  };
  const server = new IpcServer({
    name,
    wires,
    adapter: adapters[adapter](),
    authenticate: () => {
      act('authenticate');
      return true;
    },
  });
  server.service(1, {
    connect: () => act('connect'),
    disconnect: () => act('disconnect'),
    requests: {
      1: (request) => {
        act('handler');
        return request.payload;
      },
      2: (request) => {
        request.respond();
        for (let left = 300; left > 0; left--) request.connection.dispatch(1, Buffer.alloc(100));
      },
      3: async () => {
        await null;
        act('promise');
        return 'x';
      },
    },
    select: () => {
      act('select');
      return undefined;
    },
  });
  for (const event of ['listening', 'connection', 'disconnect', 'drain', 'close'] as const) {
    server.on(event, () => act(`server.${event}`));
  }
  server.on('requestError', () => act('server.requestError'));

  // The same for the C API.
  const lock = { held: 0 };
  const ipcs = coroipcs.ipcInit({
    socketName: `${name}-c`,
    wires,
    adapter: adapters[adapter](),
    serviceAvailable: () => {
      act('serviceAvailable');
      return 1;
    },
    privateDataSizeGet: () => {
      act('privateDataSizeGet');
      return 8;
    },
    securityValid: () => {
      act('securityValid');
      return 1;
    },
    serializeLock: () => {
      act('serializeLock');
      lock.held++;
    },
    serializeUnlock: () => {
      lock.held--;
      act('serializeUnlock');
    },
    sendingAllowed: () => {
      act('sendingAllowed');
      return 1;
    },
    sendingAllowedRelease: () => act('sendingAllowedRelease'),
    initFnGet: () => {
      act('initFnGet');
      return () => act('init');
    },
    exitFnGet: () => {
      act('exitFnGet');
      return () => act('exit');
    },
    handlerFnGet: (_service, id) => {
      act('handlerFnGet');
      return (conn, message) => {
        act('ipcs handler');
        try {
          coroipcs.responseSend(conn, encodeResponse(id, 1, message.subarray(16)));
          for (let left = 300; id === 2 && left > 0; left--) {
            coroipcs.dispatchSend(conn, encodeResponse(1, 1, Buffer.alloc(100)));
          }
        } catch (error) {
          // The connection may have ended in one of the functions before this one.
          if (!CoroIpcError.is(error, CS.ERR_LIBRARY)) throw error;
        }
      };
    },
    statsCreateConnection: () => act('statsCreateConnection'),
    statsDestroyConnection: () => act('statsDestroyConnection'),
    statsUpdateValue: () => act('statsUpdateValue'),
    statsIncrementValue: () => act('statsIncrementValue'),
    statsDecrementValue: () => act('statsDecrementValue'),
    logPrintf: () => act('logPrintf'),
  });

  let client: Awaited<ReturnType<typeof IpcClient.connect>> | undefined;
  const quietly = async (step: () => Promise<unknown>) => {
    try {
      await step();
    } catch (error) {
      say('step', (error as { code?: string }).code ?? String(error));
    }
  };
  const visit = async (served: string) => {
    await quietly(async () => {
      client = await IpcClient.connect({
        name: served,
        service: 1,
        ...speaks,
        adapter: adapters[adapter](),
        dispatchBytes: 4096,
      });
    });
    if (client === undefined) return;
    const one = client;
    let messages = 0;
    one.on('dispatch', () => {
      messages++;
      act('client.dispatch');
    });
    one.on('flowControl', () => act('client.flowControl'));
    one.on('close', () => act('client.close'));
    await quietly(() => one.call(1, 'x'));
    await quietly(() => one.call(2));
    await quietly(() => one.call(3));
    await quietly(() => one.call(4));
    const end = Date.now() + 1000;
    while (messages < 300 && !one.closed && Date.now() < end) await new Promise(setImmediate);
    await quietly(() => one.close());
    client = undefined;
  };
  await quietly(() => server.listen());
  await visit(name);
  await visit(`${name}-c`);
  await visit(name);
  await quietly(() => server.close());
  const wait = async () => {
    while (coroipcs.ipcExit(ipcs) !== 0) await tools.sleep(5);
  };
  await wait();
  await tools.sleep(20);
  say('lock', lock.held);
  say('uncaughts', uncaught);
  say('survived');
};

const PLACES = [
  'authenticate connect disconnect handler promise select',
  'server.listening server.connection server.disconnect server.drain server.close',
  'server.requestError',
  'serviceAvailable privateDataSizeGet securityValid serializeLock serializeUnlock',
  'sendingAllowed sendingAllowedRelease initFnGet init exitFnGet exit handlerFnGet',
]
  .join(' ')
  .split(' ')
  .concat('ipcs handler', 'client.dispatch', 'client.flowControl', 'client.close')
  .concat('statsCreateConnection', 'statsDestroyConnection', 'statsUpdateValue')
  .concat('statsIncrementValue', 'statsDecrementValue', 'logPrintf');

/** Where an exception is an answer, not an uncaught one. */
const ANSWERED = ['connect', 'handler', 'promise', 'select', 'server.requestError'];
/** Nothing fails by itself, so these are not reached unless something else throws. */
const NOT_REACHED = ['server.requestError'];

const matrix = [
  { over: 'native', adapter: 'libuv' },
  { over: 'native', adapter: 'thread' },
  { over: 'classic 1.2', adapter: 'libuv' },
] as const;

describe.each(matrix)('inside a call-back, over $over, with $adapter', ({ over, adapter }) => {
  const within = (where: string, action: string): Inside => ({
    ...{ name: freshName(), adapter, where, action },
    ...{ speaks: SPEAKS[over], wires: WIRES },
  });
  const places = PLACES.filter((where) => !NOT_REACHED.includes(where));

  it.each(places)('an exception in %s', async (where) => {
    const files = sharedFiles();
    const child = Child.start(inside, within(where, 'throw'));
    const ended = await child.ended();
    expect(ended).toMatchObject({ outcome: 0, errors: '' });
    expect(ended.said).toContain('acts');
    expect(ended.said.at(-1)).toBe('survived');
    expect(await child.said('lock')).toBe(0);
    const uncaught = child.values('uncaught');
    if (ANSWERED.includes(where)) expect(uncaught).toEqual([]);
    else expect(uncaught).toEqual(['thrown on purpose']);
    await expectNoneLeft(files);
  });

  it.each(places)('process.exit() in %s', async (where) => {
    const files = sharedFiles();
    const child = Child.start(inside, within(where, 'exit'));
    const ended = await child.ended();
    expect(ended).toMatchObject({ outcome: 23, errors: '' });
    expect(ended.said.at(-1)).toBe('acts');
    await expectNoneLeft(files);
  });

  const ACTIONS = ['close', 'closeClient', 'ipcExit', 'closeConnection'];
  const actions = over === 'native' && adapter === 'libuv' ? ACTIONS : ['close'];
  it.each(places.flatMap((where) => actions.map((action) => ({ where, action }))))(
    '$action in $where',
    async ({ where, action }) => {
      const files = sharedFiles();
      const child = Child.start(inside, within(where, action));
      const ended = await child.ended();
      expect(ended).toMatchObject({ outcome: 0, errors: '' });
      expect(ended.said).toContain('acts');
      expect(ended.said.at(-1)).toBe('survived');
      expect(await child.said('lock')).toBe(0);
      expect(child.values('uncaught')).toEqual([]);
      await expectNoneLeft(files);
    },
  );
});
