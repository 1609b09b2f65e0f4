// A server in a process of its own that is one epoll loop, and its clients: in four ways to drive
// the loop, with calls, dispatch messages, kills, and SIGTERM for its end.

import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { eventually, expectNoneLeft, sharedFiles } from './machine.js';

const WAYS = ['run', 'step', 'nested', 'thread'] as const;

interface Serving {
  readonly name: string;
  readonly way: (typeof WAYS)[number];
}

const serve: Task<Serving> = async (tools, { name, way }) => {
  const { EpollLoop, IpcServer, epollPoll, libuvPoll, say } = tools;
  const loop = new EpollLoop();
  const server = new IpcServer({ name, adapter: way === 'thread' ? epollPoll() : loop });
  server.service(1, {
    connect: () => say('connected'),
    disconnect: () => say('disconnected'),
    requests: {
      1: ({ payload }) => payload,
      2: (request) => {
        request.respond();
        for (let id = 0; id < 1000; id++) request.connection.dispatch(id, Buffer.alloc(100, id));
      },
      3: async ({ payload }) => {
        await tools.sleep(1);
        return payload;
      },
    },
  });
  await server.listen();
  const ended = new Promise<void>((resolve) => {
    loop.signal('SIGTERM', ({ signal }) => {
      say(`${signal}`);
      loop.stop();
      resolve();
    });
  });
  say('ready');
  if (way === 'run') await loop.run();
  if (way === 'step') {
    while (!loop.stopped) {
      loop.runOnce(5, 10);
      await new Promise(setImmediate);
    }
  }
  if (way === 'thread' || way === 'nested') {
    loop.attach(libuvPoll());
    await ended;
  }
  await server.close();
  loop.close();
  say('closed');
};

const call: Task<{ name: string }> = async ({ IpcClient, EpollLoop, say, libuvPoll }, { name }) => {
  const loop = new EpollLoop();
  // A client has its loop as well, nested in this process's.
  const attachment = loop.attach(libuvPoll());
  const client = await IpcClient.connect({ name, service: 1, adapter: loop });
  for (let number = 0; number < 300; number++) {
    if (client.callSync(1, `sync ${number}`).toString() !== `sync ${number}`) throw new Error('1');
  }
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, number) => client.call(number % 2 === 0 ? 1 : 3, `${number}`)),
  );
  if (answers.some((answer, number) => answer.toString() !== `${number}`)) throw new Error('2');
  let next = 0;
  const dispatches = client.dispatches();
  await client.call(2);
  for await (const { id, payload } of dispatches) {
    if (id !== next || !payload.equals(Buffer.alloc(100, id))) throw new Error(`3: ${id}`);
    next++;
    if (next === 1000) break;
  }
  await client.close();
  attachment.detach();
  loop.close();
  say('done');
};

const linger: Task<{ name: string }> = async ({ IpcClient, say, never }, { name }) => {
  const client = await IpcClient.connect({ name, service: 1 });
  client.callSync(1, 'x');
  client.on('close', () => say('closed'));
  say('connected');
  await never();
};

describe.each(WAYS)('a server whose loop is driven by %s', (way) => {
  it('serves, survives its clients, ends by SIGTERM, and leaves nothing', async () => {
    const files = sharedFiles();
    const name = freshName();
    const server = Child.start(serve, { name, way });
    await server.said('ready');
    const callers = [Child.start(call, { name }), Child.start(call, { name })];
    const victim = Child.start(linger, { name });
    const witness = Child.start(linger, { name });
    await Promise.all([victim.said('connected'), witness.said('connected')]);
    victim.kill('SIGKILL');
    for (const caller of callers) {
      expect(await caller.ended()).toMatchObject({ outcome: 0, errors: '' });
    }
    await eventually(() => expect(server.count('disconnected')).toBe(3));
    server.kill('SIGTERM');
    await witness.said('closed');
    expect(await server.ended()).toMatchObject({ outcome: 0, errors: '' });
    expect(server.count('SIGTERM')).toBe(1);
    expect(server.count('disconnected')).toBe(4);
    witness.kill();
    await witness.ended();
    await expectNoneLeft(files);
  });
});
