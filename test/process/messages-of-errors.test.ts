// What errors say to who made the mistake: what was asked for, of whom, and which member of the options
// nobody knows.

import { EpollLoop } from '@coroipc/adapter-epoll';
import * as rx from '@coroipc/adapter-rxjs';
import {
  CoroIpcError,
  CS,
  coroipcc,
  IpcClient,
  type IpcClientOptions,
  type IpcConnection,
  IpcServer,
  type ServiceDefinition,
  threadPoll,
} from '@coroipc/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freshName } from './child.js';
import { COMMAND, SERVICE, startServer } from './services.js';
import { SPEAKS } from './wires.js';

const MIB = 2 ** 20;

async function connected(): Promise<IpcClient> {
  const { name } = await startServer();
  const client = await IpcClient.connect({ name, service: SERVICE });
  onTestFinished(() => client.close());
  return client;
}

describe('a connection that was not made', () => {
  it('is told of with the service, the server and what it is about', async () => {
    const { name } = await startServer();
    const fails = async (options: Partial<IpcClientOptions>, message: string): Promise<void> => {
      const connect = IpcClient.connect({ name, service: SERVICE, ...options });
      await expect(connect).rejects.toThrow(message);
      await expect(connect).rejects.toBeInstanceOf(CoroIpcError);
    };
    const to = (service: number) => `cannot connect to service ${service} of "${name}"`;
    await fails({ service: 99 }, `${to(99)}: no such service or object`);
    const sizes = 'requestBytes 536870912, responseBytes 1048552 and dispatchBytes 1048576';
    await fails({ requestBytes: 512 * MIB }, `${to(SERVICE)} with ${sizes}: message too big`);
    const uid = 4_000_000_000;
    const other = `with serverUid ${uid}: refused by the server's security check`;
    await fails({ serverUid: uid }, `${to(SERVICE)} ${other}`);
    const blocking = () => coroipcc.serviceConnect(name, 99, 8192, 8192, 8192, SPEAKS.native);
    expect(blocking).toThrow(`${to(99)}: no such service or object`);
  });

  it('for want of the wire, with the wire', async () => {
    const server = new IpcServer({ name: freshName() });
    server.service(1, {});
    await server.listen();
    onTestFinished(() => server.close());
    const { name } = server;
    await expect(IpcClient.connect({ name, service: 1, wire: 'classic' })).rejects.toThrow(
      `cannot connect to service 1 of "${name}" over the classic wire: not supported`,
    );
  });

  it('in time, with the time', async () => {
    const { name, server } = await startServer();
    server.kill('SIGSTOP');
    await expect(IpcClient.connect({ name, service: SERVICE, timeoutMs: 20 })).rejects.toThrow(
      `connect to service ${SERVICE} of "${name}" within 20 ms`,
    );
  });
});

describe('an answer', () => {
  it('whose status is not OK is told of as one', async () => {
    const client = await connected();
    const status = Buffer.from(Uint32Array.of(CS.ERR_EXIST).buffer);
    const message = `the answer to request ${COMMAND.STATUS}: exists already`;
    expect(() => client.callSync(COMMAND.STATUS, status)).toThrow(message);
    await expect(client.call(COMMAND.STATUS, status)).rejects.toThrow(message);
  });
});

describe('options that nobody knows', () => {
  const name = freshName();

  it.each<[string, (wrong: never) => unknown, object, string]>([
    ['IpcServer', (wrong) => new IpcServer(wrong), { name, wire: 'classic' }, 'options.wire'],
    [
      'owner',
      (wrong) => new IpcServer(wrong),
      { name: '/tmp/x', owner: { user: 0 } },
      'options.owner.user',
    ],
    ['limits', (wrong) => new IpcServer(wrong), { name, limits: { conns: 1 } }, 'limits.conns'],
    [
      'connect',
      (wrong) => IpcClient.connect(wrong),
      { name, service: 1, timeout: 5 },
      'options.timeout',
    ],
    [
      'timer',
      (wrong) => new EpollLoop().timer(wrong, () => {}),
      { everyMs: 1, ms: 2 },
      'options.ms',
    ],
    ['run', (wrong) => new EpollLoop().run(wrong), { everyMs: 1 }, 'options.everyMs'],
    ['rxPoll', (wrong) => rx.rxPoll(wrong), { source: threadPoll(), rest: 1 }, 'options.rest'],
    [
      'serve',
      (wrong) => rx.serve(new IpcServer({ name }), 1, () => [], wrong),
      { service: 1 },
      'options.service',
    ],
    [
      'requests',
      (wrong) => rx.requests(new IpcServer({ name }), wrong),
      { service: 1, command: 1 },
      'options.command',
    ],
  ])('of %s', (_what, call, wrong, member) => {
    expect(() => call(wrong as never)).toThrow(`${member} is not an option; there are `);
    expect(() => call(wrong as never)).toThrow(TypeError);
  });

  it('of calls and messages', async () => {
    const client = await connected();
    const wrong = { timeout: 5 } as never;
    const known = 'options.timeout is not an option; there are timeoutMs';
    expect(() => client.call(COMMAND.ECHO, 'x', wrong)).toThrow(`${known}, signal`);
    expect(() => client.callSync(COMMAND.ECHO, 'x', wrong)).toThrow(known);
    expect(() => client.callSyncInto(COMMAND.ECHO, 'x', Buffer.alloc(1), wrong)).toThrow(known);
    // A blocking call could not look at one.
    const signal = { signal: new AbortController().signal } as never;
    expect(() => client.callSync(COMMAND.ECHO, 'x', signal)).toThrow(
      'options.signal is not an option',
    );
    expect(() => client.dispatches(wrong)).toThrow('options.timeout is not an option');
    expect(() => rx.dispatches(client, wrong)).toThrow('options.timeout is not an option');
    expect(client.stats()).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it('are no matter when they are undefined and known', async () => {
    const client = await connected();
    const nothing = { timeoutMs: undefined, signal: undefined };
    expect(String(await client.call(COMMAND.ECHO, 'x', nothing))).toBe('x');
    expect(String(client.callSync(COMMAND.ECHO, 'x', { timeoutMs: undefined }))).toBe('x');
    const options = { name: client.name, service: SERVICE, adapter: undefined, ...nothing };
    await (await IpcClient.connect({ ...options, wire: undefined, spinUs: undefined })).close();
    new IpcServer({ name, mode: undefined, owner: undefined, limits: { spinUs: undefined } });
    expect(() => client.callSync(COMMAND.ECHO, 'x', { timeoutMs: null as never })).toThrow(
      'options.timeoutMs must be an integer from -1 to 2147483647, got null',
    );
  });
});

describe('a service definition', () => {
  const define = (definition: unknown) => () =>
    new IpcServer({ name: freshName() }).service(1, definition as ServiceDefinition);

  it('has something that is known, or nothing', () => {
    expect(define({ request: {} })).toThrow(
      'definition must have any of connect, disconnect, requests, select, overflow, inPlace, ' +
        'maxQueueBytes, got request',
    );
    expect(define({})).not.toThrow();
    // What its functions find in `this` is its own affair.
    expect(define({ count: 0, connect() {} })).not.toThrow();
    class Counter {
      count = 0;
      connect(): void {
        this.count += 1;
      }
    }
    expect(define(new Counter())).not.toThrow();
  });

  it('has its handlers in an object', () => {
    const map = new Map([[1, () => 'x']]);
    expect(define({ requests: map })).toThrow('must be an object of handlers by id, got a Map');
    expect(define({ requests: Object.fromEntries(map) })).not.toThrow();
  });
});

describe('a connection that its service refused', () => {
  it('has its counters for who kept it', async () => {
    let kept: IpcConnection | undefined;
    const server = new IpcServer({ name: freshName() });
    server.service(1, {
      connect(connection) {
        kept = connection;
        connection.dispatch(1, 'never read');
        throw new CoroIpcError(CS.ERR_ACCESS, 'no');
      },
    });
    await server.listen();
    onTestFinished(() => server.close());
    await expect(IpcClient.connect({ name: server.name, service: 1 })).rejects.toThrow(
      `cannot connect to service 1 of "${server.name}"`,
    );
    expect(kept?.closed).toBe(true);
    expect(kept?.stats()).toMatchObject({ requests: 0, breaches: 0 });
    expect(() => kept?.dispatch(1, 'x')).toThrow('dispatch: the connection is over');
  });
});
