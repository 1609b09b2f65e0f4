// When a process ends by itself and when it stays: by its exit code and by what it said.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Wire } from '@coroipc/core';
import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { eventually, expectNoneLeft, sharedFiles } from './machine.js';
import { SERVICE, startServer } from './services.js';
import { EVERY_WIRE, SPEAKS, type Speaks, WIRES } from './wires.js';

const ADAPTERS = ['libuv', 'thread'] as const;
type AdapterName = (typeof ADAPTERS)[number];

const matrix = (['native', 'classic 1.2'] as const).flatMap((over) =>
  ADAPTERS.map((adapter) => ({ over, adapter })),
);

interface Argument {
  readonly name: string;
  readonly adapter: AdapterName;
  readonly service: number;
  readonly speaks: Speaks;
  readonly wires: readonly Wire[];
}

/** Longer than a process that has nothing to live for takes to end. */
const A_WHILE_MS = 700;

/** Runs a task that has to end by itself, with everything that it says last. */
async function expectEnds(task: Task<Argument>, argument: Argument): Promise<void> {
  const child = Child.start(task, argument);
  const { outcome, errors, said } = await child.ended();
  expect(errors).toBe('');
  expect(outcome).toBe(0);
  expect(said.at(-1)).toBe('last');
}

/** Runs a task that has to stay once it said "last", until it is told to end. */
async function expectStays(task: Task<Argument>, argument: Argument): Promise<void> {
  const child = Child.start(task, argument);
  await child.said('last');
  await sleep(A_WHILE_MS);
  expect(child.errors).toBe('');
  // Signal 0 would reach a zombie as well.
  child.kill('SIGTERM');
  expect((await child.ended()).outcome).toBe('SIGTERM');
}

describe.each(matrix)('over $over, with $adapter', ({ over, adapter }) => {
  const speaks = SPEAKS[over];
  const alone = (): Argument => ({
    name: freshName(),
    adapter,
    service: SERVICE,
    speaks,
    wires: WIRES,
  });
  const toServer = async (): Promise<Argument> => {
    const { name } = await startServer();
    return { ...alone(), name };
  };

  it('an IpcServer that listens keeps the process', async () => {
    await expectStays(async ({ IpcServer, adapters, say }, { name, adapter }) => {
      await new IpcServer({ name, adapter: adapters[adapter]() }).listen();
      say('last');
    }, alone());
  });

  it('an IpcServer that does not listen does not', async () => {
    await expectEnds(({ IpcServer, adapters, say }, { name, adapter }) => {
      new IpcServer({ name, adapter: adapters[adapter]() });
      say('last');
    }, alone());
  });

  it('an IpcServer that was unref’d, before or after listen, does not', async () => {
    await expectEnds(async ({ IpcServer, adapters, say }, { name, adapter }) => {
      await new IpcServer({ name, adapter: adapters[adapter]() }).unref().listen();
      const second = new IpcServer({ name: `${name}-2`, adapter: adapters[adapter]() });
      await second.listen();
      second.ref().unref().ref().unref();
      say('last');
    }, alone());
  });

  it('an IpcServer that was ref’d again does', async () => {
    await expectStays(async ({ IpcServer, adapters, say }, { name, adapter }) => {
      const server = new IpcServer({ name, adapter: adapters[adapter]() }).unref();
      await server.listen();
      server.ref();
      say('last');
    }, alone());
  });

  it('an IpcServer that closed does not', async () => {
    await expectEnds(async ({ IpcServer, adapters, say }, { name, adapter }) => {
      const server = new IpcServer({ name, adapter: adapters[adapter]() });
      await server.listen();
      await server.close();
      say('last');
    }, alone());
  });

  it('the connections of an unref’d IpcServer do not', async () => {
    const argument = alone();
    const server = Child.start(
      async ({ IpcServer, adapters, say }, { name, adapter, service, wires }) => {
        const server = new IpcServer({ name, wires, adapter: adapters[adapter]() }).unref();
        const stay = setInterval(() => {}, 1000);
        server.service(service, {
          connect: () => say('connected'),
          requests: { 1: ({ payload }) => payload, 2: () => clearInterval(stay) },
        });
        await server.listen();
        say('ready');
      },
      argument,
    );
    await server.said('ready');
    const client = Child.start(
      async ({ IpcClient, adapters, say }, { name, adapter, service, speaks }) => {
        const client = await IpcClient.connect({
          name,
          service,
          ...speaks,
          adapter: adapters[adapter](),
        });
        await client.call(1, 'x');
        await client.call(2).catch((error) => say('error', error.status));
      },
      argument,
    );
    expect((await server.ended()).outcome).toBe(0);
    expect(await client.said('error')).toBe(2);
    expect((await client.ended()).outcome).toBe(0);
  });

  it('an IpcClient that is connected keeps the process', async () => {
    await expectStays(
      async ({ IpcClient, adapters, say }, { name, adapter, service, speaks }) => {
        await IpcClient.connect({ name, service, ...speaks, adapter: adapters[adapter]() });
        say('last');
      },
      await toServer(),
    );
  });

  it('an IpcClient that was unref’d does not, nor does its call', async () => {
    await expectEnds(
      async ({ IpcClient, adapters, say }, { name, adapter, service, speaks }) => {
        const client = await IpcClient.connect({
          name,
          service,
          ...speaks,
          adapter: adapters[adapter](),
        });
        client.unref();
        void client.call(2);
        client.on('dispatch', () => {});
        void client.dispatches().next();
        say('last');
      },
      await toServer(),
    );
  });

  it('an IpcClient that was ref’d again does', async () => {
    await expectStays(
      async ({ IpcClient, adapters, say }, { name, adapter, service, speaks }) => {
        const client = await IpcClient.connect({
          name,
          service,
          ...speaks,
          adapter: adapters[adapter](),
        });
        client.unref().ref();
        say('last');
      },
      await toServer(),
    );
  });

  it('the answer to a call is waited for', async () => {
    await expectEnds(
      async ({ IpcClient, adapters, say }, { name, adapter, service, speaks }) => {
        const client = await IpcClient.connect({
          name,
          service,
          ...speaks,
          adapter: adapters[adapter](),
        });
        const late = Buffer.alloc(4);
        late.writeUInt32LE(200);
        await client.call(5, late);
        await client.close();
        say('last');
      },
      await toServer(),
    );
  });

  it('an IpcClient that closed does not keep it, with calls and iterators open', async () => {
    await expectEnds(
      async ({ IpcClient, adapters, say }, { name, adapter, service, speaks }) => {
        const client = await IpcClient.connect({
          name,
          service,
          ...speaks,
          adapter: adapters[adapter](),
        });
        const call = client.call(2, '', { timeoutMs: 3_600_000 }).catch((error) => error.status);
        const next = client.dispatches().next();
        await client.close();
        if ((await call) !== 9) throw new Error('the call was not rejected');
        if ((await next).done !== true) throw new Error('the iterator did not end');
        say('last');
      },
      await toServer(),
    );
  });

  it('a server that goes leaves nothing that keeps its clients', async () => {
    const { name, server } = await startServer({ adapter });
    const client = Child.start(
      async ({ IpcClient, adapters, say }, { name, adapter, service, speaks }) => {
        const client = await IpcClient.connect({
          name,
          service,
          ...speaks,
          adapter: adapters[adapter](),
        });
        client.on('close', () => say('last'));
        say('ready');
      },
      { ...alone(), name },
    );
    await client.said('ready');
    server.kill();
    expect(await client.ended()).toMatchObject({ outcome: 0, said: ['ready', 'last'] });
  });

  it('a server of the C API keeps the process until ipcExit', async () => {
    const argument = alone();
    const task: Task<Argument> = ({ coroipcs, adapters, say, told }, { name, adapter }) => {
      const server = coroipcs.ipcInit({ socketName: name, adapter: adapters[adapter]() });
      say('last');
      void told().then(() => {
        say('exit', coroipcs.ipcExit(server));
        say('closed', server.closed);
      });
    };
    await expectStays(({ coroipcs, adapters, say }, { name, adapter }) => {
      coroipcs.ipcInit({ socketName: name, adapter: adapters[adapter]() });
      say('last');
    }, argument);
    const child = Child.start(task, argument);
    await child.said('last');
    child.tell('exit');
    expect(await child.said('exit')).toBe(0);
    expect(await child.said('closed')).toBe(true);
    expect((await child.ended()).outcome).toBe(0);
  });

  it('a client of the C API keeps nothing', async () => {
    const argument = await toServer();
    await expectEnds(({ coroipcc, say }, { name, service, speaks }) => {
      const handle = coroipcc.serviceConnect(name, service, 4096, 4096, 4096, speaks);
      coroipcc.fdGet(handle);
      say('last');
    }, argument);
  });

  it('ipcExit ends active connections, busy disconnect functions included', async () => {
    const files = sharedFiles();
    const argument = alone();
    const server = Child.start(({ coroipcs, adapters, say, told }, { name, adapter, wires }) => {
      let asked = 0;
      const server = coroipcs.ipcInit({
        socketName: name,
        wires,
        adapter: adapters[adapter](),
        initFnGet: () => () => say('connected'),
        exitFnGet: () => () => {
          asked++;
          say('disconnected', asked);
          return asked % 3 === 0 ? 0 : -1;
        },
      });
      say('ready');
      void told().then(() => {
        say('exit', coroipcs.ipcExit());
        const wait = () => {
          if (coroipcs.ipcExit() === 0) say('last', server.closed);
          else setTimeout(wait, 5);
        };
        wait();
      });
    }, argument);
    await server.said('ready');
    const client: Task<Argument> = async (tools, { name, adapter, service, speaks }) => {
      const { IpcClient, adapters, say } = tools;
      const client = await IpcClient.connect({
        name,
        service,
        ...speaks,
        adapter: adapters[adapter](),
      });
      client.on('close', (error) => say('closed', error?.status));
    };
    const clients = [Child.start(client, argument), Child.start(client, argument)];
    await server.said('connected', 2);
    server.tell('exit');
    expect(await server.said('exit')).toBe(-1);
    expect(await server.said('last')).toBe(true);
    expect(await server.ended()).toMatchObject({ outcome: 0, errors: '' });
    expect(server.count('disconnected')).toBeGreaterThanOrEqual(3);
    for (const one of clients) {
      expect(await one.said('closed')).toBe(2);
      expect((await one.ended()).outcome).toBe(0);
    }
    await expectNoneLeft(files);
  });

  it('ipcServiceExit ends the connections of one service', async () => {
    const argument = alone();
    const server = Child.start(({ coroipcs, adapters, say, told }, { name, adapter, wires }) => {
      coroipcs.ipcInit({
        socketName: name,
        wires,
        adapter: adapters[adapter](),
        initFnGet: (service) => () => say('connected', service),
        exitFnGet: (service) => () => say('disconnected', service),
      });
      say('ready');
      void told().then(async (service) => {
        while (coroipcs.ipcServiceExit(service as number) !== 0) await new Promise(setImmediate);
        say('gone');
        say('again', coroipcs.ipcServiceExit(service as number));
        await told();
        coroipcs.ipcExit();
      });
    }, argument);
    await server.said('ready');
    const client: Task<Argument> = async (tools, { name, adapter, service, speaks }) => {
      const { IpcClient, adapters, say } = tools;
      const client = await IpcClient.connect({
        name,
        service,
        ...speaks,
        adapter: adapters[adapter](),
      });
      client.on('close', () => say('closed', service));
    };
    const seven = [Child.start(client, argument), Child.start(client, argument)];
    const eight = Child.start(client, { ...argument, service: 8 });
    await server.said('connected', 3);
    server.tell(7);
    await server.said('gone');
    expect(await server.said('again')).toBe(0);
    for (const one of seven) expect((await one.ended()).outcome).toBe(0);
    await eventually(() => expect(server.values('disconnected')).toEqual([7, 7]));
    expect(eight.count('closed')).toBe(0);
    server.tell('exit');
    expect((await server.ended()).outcome).toBe(0);
    expect((await eight.ended()).said).toEqual(['closed']);
  });

  it('several servers and their clients live in one process', async () => {
    await expectEnds(async (tools, { name, adapter, service, speaks, wires }) => {
      const { IpcServer, IpcClient, CoroIpcError, coroipcc, adapters, say, CS } = tools;
      const servers = await Promise.all(
        ['a', 'b', 'c'].map(async (letter) => {
          const server = new IpcServer({
            name: name + letter,
            wires,
            adapter: adapters[adapter](),
          });
          server.service(service, {
            connect: (connection) => connection.dispatch(3, `dispatch ${letter}`),
            requests: { 1: ({ payload }) => `${letter}: ${payload}` },
          });
          await server.listen();
          return server;
        }),
      );
      for (const letter of ['a', 'b', 'c']) {
        const options = { name: name + letter, service, ...speaks, adapter: adapters[adapter]() };
        const client = await IpcClient.connect(options);
        const answer = await client.call(1, 'hello');
        if (answer.toString() !== `${letter}: hello`) throw new Error(`wrong answer ${answer}`);
        for await (const { id, payload } of client.dispatches()) {
          if (id !== 3 || payload.toString() !== `dispatch ${letter}`) throw new Error('wrong');
          break;
        }
        const refused = (blocking: () => unknown) => {
          try {
            blocking();
          } catch (error) {
            if (CoroIpcError.is(error, CS.ERR_BAD_OPERATION)) return;
            throw error;
          }
          throw new Error('it was not refused');
        };
        refused(() => client.callSync(1));
        refused(() => coroipcc.serviceConnect(name + letter, service, 4096, 4096, 4096, speaks));
        if ((await client.call(1)).toString() !== `${letter}: `) throw new Error('wrong again');
        if (letter !== 'b') await client.close();
      }
      await Promise.all(servers.map((server) => server.close()));
      say('last');
    }, alone());
  });
});

describe('poll functions of the host itself', () => {
  it('serve a coroipcs server, and nothing else keeps the process', async () => {
    const name = freshName();
    const server = Child.start(
      ({ coroipcs, encodeResponse, libuvPoll, say }, { name, wires }) => {
        const adapter = libuvPoll();
        const handles = new Map<number, ReturnType<typeof adapter.pollAcceptAdd>>();
        const destroyed: number[] = [];
        const forget = (fd: number) => {
          handles.get(fd)?.destroy();
          handles.delete(fd);
        };
        const server = coroipcs.ipcInit({
          socketName: name,
          wires,
          handlerFnGet: (_service, id) => (conn, message) => {
            coroipcs.responseSend(conn, encodeResponse(id, 1, message.subarray(16)));
            for (let left = 2000; id === 2 && left > 0; left--) {
              coroipcs.dispatchSend(conn, encodeResponse(left, 1, 'dispatch'));
            }
            if (id === 3) setImmediate(() => say('exit', coroipcs.ipcExit(server)));
          },
          pollAcceptAdd(fd) {
            const handle = adapter.pollAcceptAdd(fd, (revents) => {
              coroipcs.handlerAccept(fd, revents, undefined);
            });
            handles.set(fd, handle);
          },
          pollDispatchAdd(fd, context) {
            const handle = adapter.pollDispatchAdd(fd, (revents) => {
              if (coroipcs.handlerDispatch(fd, revents, context) === -1) forget(fd);
            });
            handles.set(fd, handle);
          },
          pollDispatchModify: (fd, events) => handles.get(fd)?.modify(events),
          pollDispatchDestroy(fd) {
            destroyed.push(fd);
            forget(fd);
          },
        });
        say('ready', handles.size);
        process.on('exit', () => say('left', handles.size));
      },
      { name, wires: WIRES },
    );
    expect(await server.said('ready')).toBe(3);
    const client = Child.start(
      async ({ coroipcc, encodeRequest, decodeResponse, say }, { name, every }) => {
        for (const speaks of every) {
          const handle = coroipcc.serviceConnect(name, 0, 4096, 4096, 8192, speaks);
          const answer = coroipcc.msgSendReplyReceive(handle, encodeRequest(1, 'hello'));
          if (answer.subarray(24).toString() !== 'hello') throw new Error(`wrong ${answer}`);
          coroipcc.msgSendReplyReceive(handle, encodeRequest(2));
          for (let left = 2000; left > 0; left--) {
            const message = coroipcc.dispatchRecv(handle);
            if (message === undefined) throw new Error('there is none');
            if (decodeResponse(message).id !== left) throw new Error('out of order');
          }
          coroipcc.serviceDisconnect(handle);
        }
        const handle = coroipcc.serviceConnect(name, 0, 4096, 4096, 8192);
        coroipcc.msgSendReplyReceive(handle, encodeRequest(3));
        say('done');
      },
      { name, every: EVERY_WIRE.map((over) => SPEAKS[over]) },
    );
    expect(await client.ended()).toMatchObject({ outcome: 0, errors: '' });
    expect(await server.ended()).toMatchObject({ outcome: 0, errors: '' });
    expect(await server.said('left')).toBe(0);
  });
});
