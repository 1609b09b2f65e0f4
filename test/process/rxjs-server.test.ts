// @coroipc/adapter-rxjs: a server as Observables, with clients in this process and in others.

import { libuvPoll } from '@coroipc/adapter-libuv';
import {
  connections,
  requests,
  rxPoll,
  type ServedRequest,
  type ServeOptions,
  serve,
} from '@coroipc/adapter-rxjs';
import {
  CoroIpcError,
  CS,
  type DispatchMessage,
  IpcClient,
  type IpcRequest,
  IpcServer,
  type IpcServerOptions,
  threadPoll,
} from '@coroipc/core';
import {
  asapScheduler,
  concat,
  delay,
  EMPTY,
  firstValueFrom,
  interval,
  map,
  NEVER,
  Observable,
  observeOn,
  of,
  startWith,
  throwError,
  timer,
} from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { eventually } from './machine.js';
import { record } from './record.js';

const SERVICE = 7;

async function listening(options: Partial<IpcServerOptions> = {}): Promise<IpcServer> {
  const server = new IpcServer({ name: freshName(), adapter: libuvPoll(), ...options });
  onTestFinished(() => server.close());
  await server.listen();
  return server;
}

async function connect(server: IpcServer, adapter = libuvPoll()): Promise<IpcClient> {
  const client = await IpcClient.connect({
    name: server.name,
    service: SERVICE,
    adapter,
    dispatchBytes: 8192,
  });
  onTestFinished(() => client.close());
  return client;
}

const ask = (client: IpcClient, id: number, payload = ''): Promise<unknown> =>
  client.call(id, payload).then(String, (error: CoroIpcError) => error.status);

/** An Observable that tells whether anybody is subscribed. */
function watched<Value>(source: Observable<Value>) {
  const state = { subscribed: 0, left: 0 };
  const observable = new Observable<Value>((subscriber) => {
    state.subscribed += 1;
    subscriber.add(() => {
      state.left += 1;
    });
    return source.subscribe(subscriber);
  });
  return { state, observable };
}

const client: Task<{ name: string; service: number; ids: number[] }> = async (tools, argument) => {
  const { name, service, ids } = argument;
  const one = await tools.IpcClient.connect({ name, service });
  one.on('dispatch', ({ id, payload }) => tools.say('message', [id, payload.toString()]));
  tools.say('connected');
  for (const id of ids) tools.say('answer', (await one.call(id)).toString());
  await tools.never();
};

describe('connections', () => {
  it('are those of now and each new one, until the server closes', async () => {
    const server = await listening();
    server.service(SERVICE, {});
    await connect(server);
    const [all, left] = [record(connections(server)), record(connections(server))];
    expect(all.seen).toEqual([...server.connections]);
    left.subscription.unsubscribe();
    await connect(server);
    await eventually(() => expect(all.seen.length).toBe(2));
    expect(new Set(all.seen)).toEqual(new Set(server.connections));
    expect(left.seen.length).toBe(1);
    expect([server.listening, server.listenerCount('connection')]).toEqual([true, 1]);
    await server.close();
    await eventually(() => expect(all.ends).toEqual(['complete']));
    expect(record(connections(server)).ends).toEqual(['complete']);
    expect(server.listenerCount('connection')).toBe(0);
  });
});

describe('requests', () => {
  it('come while somebody is subscribed, and the service with them', async () => {
    const server = await listening();
    const source = requests(server, { service: SERVICE, id: 1 });
    await expect(connect(server)).rejects.toMatchObject({ status: CS.ERR_NOT_EXIST });
    const subscription = source.subscribe((request) => request.respond(request.payload));
    const one = await connect(server);
    expect(await ask(one, 1, 'hello')).toBe('hello');
    expect(await ask(one, 2)).toBe(CS.ERR_INVALID_PARAM);
    expect(record(source).ends).toEqual([CS.ERR_EXIST]);
    const rest = record(requests(server, { service: SERVICE }));
    const answer = ask(one, 2);
    await eventually(() => expect(rest.seen.length).toBe(1));
    expect(rest.seen[0]).toMatchObject({ id: 2, answered: false });
    rest.seen[0]?.respond('rest');
    expect(await answer).toBe('rest');
    subscription.unsubscribe();
    const late = ask(one, 1);
    await eventually(() => expect(rest.seen.length).toBe(2));
    rest.seen[1]?.fail(CS.ERR_BUSY);
    expect(await late).toBe(CS.ERR_BUSY);
    await server.close();
    await eventually(() => expect(rest.ends).toEqual(['complete']));
    expect(record(source).ends).toEqual(['complete']);
  });

  it('stay those of whoever received them, after it left too', async () => {
    const server = await listening();
    const first = firstValueFrom(requests(server, { service: SERVICE }));
    const one = await connect(server);
    const answer = ask(one, 1);
    const request = await first;
    request.respond('late');
    expect(await answer).toBe('late');
    expect(await ask(one, 1)).toBe(CS.ERR_INVALID_PARAM);
  });
});

describe('serve', () => {
  async function served(
    project: Parameters<typeof serve>[2],
    { options, ...rest }: { options?: Partial<IpcServerOptions> } & ServeOptions = {},
  ) {
    const server = await listening(options);
    const errors: unknown[] = [];
    server.on('requestError', (error, { id }) =>
      errors.push([CoroIpcError.is(error) ? error.status : error, id]),
    );
    const service = record(serve(server, SERVICE, project, rest));
    const one = await connect(server);
    const messages: [number, string][] = [];
    one.on('dispatch', ({ id, payload }: DispatchMessage) =>
      messages.push([id, payload.toString()]),
    );
    return { server, errors, service, client: one, messages };
  }
  const outcomes = (seen: readonly ServedRequest[]) =>
    seen.map(({ id, values, ended }) => [id, values, ended]);

  it('answers with the first value, and sends each further one', async () => {
    const forms: Record<number, (request: IpcRequest) => ReturnType<Parameters<typeof serve>[2]>> =
      {
        1: ({ payload }) => of(payload),
        2: async ({ payload }) => `later: ${payload}`,
        3: () => ['one', 'two', 'three'],
        4: () => 'whole',
        5: () => Buffer.from('bytes'),
        6: () => EMPTY,
        7: async () => {},
        8: () => of(undefined, undefined),
        9: () => timer(5).pipe(map(() => 'timer')),
      };
    const {
      client: one,
      service,
      messages,
      errors,
    } = await served((request) => {
      const form = forms[request.id];
      if (form === undefined) throw new CoroIpcError(CS.ERR_NOT_EXIST, 'no such form');
      return form(request);
    });
    const answers: unknown[] = [];
    for (let id = 1; id <= 9; id++) answers.push(await ask(one, id, 'x'));
    expect(answers).toEqual(['x', 'later: x', 'one', 'whole', 'bytes', '', '', '', 'timer']);
    await eventually(() =>
      expect(messages).toEqual([
        [3, 'two'],
        [3, 'three'],
        [8, ''],
      ]),
    );
    expect(outcomes(service.seen)).toEqual([
      [1, 1, 'completed'],
      [2, 1, 'completed'],
      [3, 3, 'completed'],
      [4, 1, 'completed'],
      [5, 1, 'completed'],
      [6, 0, 'completed'],
      [7, 1, 'completed'],
      [8, 2, 'completed'],
      [9, 1, 'completed'],
    ]);
    expect(errors).toEqual([]);
    expect(await ask(one, 10)).toBe(CS.ERR_NOT_EXIST);
    expect(errors).toEqual([[CS.ERR_NOT_EXIST, 10]]);
  });

  it('an error before the answer is a status, and disturbs nobody else', async () => {
    const fault = new Error('any other');
    const faults: Record<number, () => unknown> = {
      1: () => throwError(() => new CoroIpcError(CS.ERR_NO_SPACE, 'no room')),
      2: () => {
        throw fault;
      },
      3: () => Promise.reject(new CoroIpcError(CS.ERR_BUSY, 'busy')),
      4: () => of(5),
      5: () => undefined,
      6: () => throwError(() => new CoroIpcError(2 ** 40, 'no status')),
      7: () => of('y'.repeat(2 ** 20 + 1)),
    };
    const {
      client: one,
      server,
      service,
      errors,
    } = await served(({ id }) => (faults[id] ?? (() => of('fine')))() as Observable<string>);
    const other = await connect(server);
    const answers: unknown[] = [];
    for (let id = 1; id <= 7; id++) {
      answers.push(await ask(one, id));
      expect(await ask(other, 100)).toBe('fine');
    }
    const { ERR_NO_SPACE, ERR_LIBRARY, ERR_BUSY, ERR_TOO_BIG } = CS;
    expect(answers).toEqual([
      ERR_NO_SPACE,
      ERR_LIBRARY,
      ERR_BUSY,
      ERR_LIBRARY,
      ERR_LIBRARY,
      ERR_LIBRARY,
      ERR_TOO_BIG,
    ]);
    expect(errors).toEqual([
      [ERR_NO_SPACE, 1],
      [fault, 2],
      [ERR_BUSY, 3],
      [expect.any(TypeError), 4],
      [expect.any(TypeError), 5],
      [2 ** 40, 6],
      [ERR_TOO_BIG, 7],
    ]);
    const failed = service.seen.filter(({ ended }) => ended === 'failed');
    expect(outcomes(failed)).toEqual([1, 2, 3, 4, 5, 6, 7].map((id) => [id, 0, 'failed']));
    expect(failed[1]?.error).toBe(fault);
    expect(service.ends).toEqual([]);
  });

  it('an error after the answer ends that request alone', async () => {
    const fault = new Error('too late');
    const {
      client: one,
      service,
      errors,
      messages,
    } = await served(() =>
      concat(
        of('answer', 'message'),
        throwError(() => fault),
      ),
    );
    expect(await ask(one, 1)).toBe('answer');
    await eventually(() => expect(messages).toEqual([[1, 'message']]));
    expect(errors).toEqual([[fault, 1]]);
    expect(service.seen).toMatchObject([{ id: 1, values: 2, ended: 'failed', error: fault }]);
    expect(await ask(one, 1)).toBe('answer');
  });

  it('a message that is refused because the queue is full ends that request alone', async () => {
    const flood = watched(
      interval(0).pipe(
        map((number) => `${number}`.padEnd(1000)),
        startWith('answer'),
      ),
    );
    const { server, service, errors } = await served(
      ({ id }) => (id === 1 ? flood.observable : of('fine')),
      { options: { limits: { maxQueueBytes: 10_000 } } },
    );
    // Nobody consumes its ring.
    const slow = await connect(server);
    expect(await ask(slow, 1)).toBe('answer');
    await eventually(() => expect(errors).toEqual([[CS.ERR_TRY_AGAIN, 1]]));
    expect(flood.state).toEqual({ subscribed: 1, left: 1 });
    expect(service.seen).toMatchObject([{ id: 1, ended: 'failed' }]);
    expect(service.seen[0]?.values).toBeGreaterThan(5);
    expect(await ask(slow, 2)).toBe('fine');
  });

  it('is unsubscribed when its client is killed, answered or not', async () => {
    const feed = watched(interval(1).pipe(map(String), startWith('answer')));
    const silence = watched(NEVER);
    const { server, service } = await served(({ id }) =>
      id === 1 ? feed.observable : silence.observable,
    );
    const argument = { name: server.name, service: SERVICE };
    const fed = Child.start(client, { ...argument, ids: [1] });
    const kept = Child.start(client, { ...argument, ids: [1, 2] });
    expect(await fed.said('answer')).toBe('answer');
    await fed.said('message', 5);
    await kept.said('answer');
    await eventually(() => expect(silence.state.subscribed).toBe(1));
    fed.kill();
    await eventually(() => expect(feed.state).toEqual({ subscribed: 2, left: 1 }));
    expect(service.seen).toMatchObject([{ id: 1, ended: 'disconnected' }]);
    expect(service.seen[0]?.connection).toMatchObject({ pid: fed.pid, closed: true });
    await kept.said('message', kept.count('message') + 3);
    kept.kill();
    await eventually(() => expect(silence.state).toEqual({ subscribed: 1, left: 1 }));
    expect(feed.state).toEqual({ subscribed: 2, left: 2 });
    expect(service.seen.slice(1)).toMatchObject([
      { ended: 'disconnected', connection: { pid: kept.pid } },
      { ended: 'disconnected', connection: { pid: kept.pid } },
    ]);
    expect(service.ends).toEqual([]);
  });

  it('leaving it answers what waits, ends the rest, and closes nothing', async () => {
    const feed = watched(interval(1).pipe(map(String), startWith('answer')));
    const silence = watched(NEVER);
    const {
      server,
      service,
      client: one,
      errors,
    } = await served(({ id }) => (id === 1 ? feed.observable : silence.observable));
    expect(await ask(one, 1)).toBe('answer');
    const waiting = ask(one, 2);
    await eventually(() => expect(silence.state.subscribed).toBe(1));
    service.subscription.unsubscribe();
    expect(await waiting).toBe(CS.ERR_TRY_AGAIN);
    expect([feed.state.left, silence.state.left]).toEqual([1, 1]);
    expect(await ask(one, 1)).toBe(CS.ERR_INVALID_PARAM);
    expect([server.listening, one.closed, service.seen, errors]).toEqual([true, false, [], []]);
    expect(server.listenerCount('disconnect')).toBe(0);
    // And it can be served anew.
    const again = record(serve(server, SERVICE, () => of('again')));
    expect(await ask(one, 1)).toBe('again');
    expect(again.seen.length).toBe(1);
  });

  it('completes when the server closes, with its requests ended', async () => {
    const silence = watched(NEVER);
    const { server, service, client: one } = await served(() => silence.observable);
    const waiting = ask(one, 1);
    await eventually(() => expect(silence.state.subscribed).toBe(1));
    await server.close();
    await eventually(() => expect(service.ends).toEqual(['complete']));
    expect(await waiting).toBe(CS.ERR_LIBRARY);
    expect(outcomes(service.seen)).toEqual([[1, 0, 'disconnected']]);
    expect(silence.state.left).toBe(1);
  });

  it('serves one id, beside others', async () => {
    const { server, client: one } = await served(() => of('seven'), { id: 7 });
    record(serve(server, SERVICE, ({ id }) => `rest ${id}`));
    expect([await ask(one, 7), await ask(one, 8)]).toEqual(['seven', 'rest 8']);
    expect(record(serve(server, SERVICE, () => EMPTY, { id: 7 })).ends).toEqual([CS.ERR_EXIST]);
  });
});

it('over rxPoll at both ends: calls, messages, flow control, disconnection', async () => {
  const server = await listening({ adapter: rxPoll({ source: libuvPoll(), operator: delay(1) }) });
  const service = record(
    serve(server, SERVICE, ({ payload }) => [payload, ...Array<string>(500).fill('x'.repeat(200))]),
  );
  const adapter = rxPoll({ source: threadPoll(), operator: observeOn(asapScheduler) });
  const one = await connect(server, adapter);
  const messages: unknown[] = [];
  const flow: boolean[] = [];
  one.on('flowControl', (on) => flow.push(on));
  expect(await ask(one, 1, 'hello')).toBe('hello');
  one.on('dispatch', (message) => messages.push(message));
  await eventually(() => expect(messages.length).toBe(500));
  await eventually(() => expect(flow).toEqual([true, false]));
  await one.close();
  await eventually(() => expect(server.connections.size).toBe(0));
  expect(service.seen.length).toBe(1);
});

it('wrong arguments are refused at once', async () => {
  const server = await listening();
  for (const wrong of [undefined, null, {}, 5]) {
    expect(() => connections(wrong as never)).toThrow(/server must be an IpcServer/);
    expect(() => requests(wrong as never, { service: 1 })).toThrow(/server must be an IpcServer/);
    expect(() => serve(wrong as never, 1, () => EMPTY)).toThrow(/server must be an IpcServer/);
  }
  expect(() => requests(server, undefined as never)).toThrow(/options must be an object/);
  expect(() => requests(server, {} as never)).toThrow(/options.service must be an integer/);
  expect(() => requests(server, { service: 65536 })).toThrow(RangeError);
  expect(() => requests(server, { service: 1, id: -1 })).toThrow(/options.id must be an integer/);
  expect(() => serve(server, -1, () => EMPTY)).toThrow(/service must be an integer/);
  expect(() => serve(server, 1, 5 as never)).toThrow(/project must be a function, got 5/);
  expect(() => serve(server, 1, () => EMPTY, { id: 70000 })).toThrow(/options.id must be/);
});
