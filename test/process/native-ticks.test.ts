// Several messages are served in one turn of the loop, and handlers see no difference: what they left
// to process.nextTick and to promises has run before the next message, and what they throw is told and
// loses nothing.

import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { COMMAND, clientOf, SERVICE, startHolder, words } from './native-services.js';

const ADAPTERS = ['libuv', 'thread'] as const;
type AdapterName = (typeof ADAPTERS)[number];

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
/** m0 t0 p0 m1 t1 p1 …, and what hangs on them: a promise made in a tick, and one after it. */
const inOrder = (count: number): string[] =>
  numbers(count).flatMap((number) => ['m', 't', 'p', 'q'].map((letter) => letter + number));

interface Argument {
  readonly name: string;
  readonly service: number;
  readonly adapter: AdapterName;
  readonly count: number;
  readonly burst: number;
}

describe.each(ADAPTERS)('in a server with %s', (adapter) => {
  it('ticks and promises run between the requests of a batch', async () => {
    const task: Task<Argument> = async (tools, { name, service, adapter }) => {
      const { IpcServer, adapters, say, told } = tools;
      const server = new IpcServer({ name, adapter: adapters[adapter]() });
      const seen: string[] = [];
      server.service(service, {
        requests: {
          1: ({ payload }) => {
            const number = payload.readUInt32LE();
            seen.push(`m${number}`);
            Promise.resolve().then(() => {
              seen.push(`p${number}`);
              process.nextTick(() => seen.push(`q${number}`));
            });
            process.nextTick(() => seen.push(`t${number}`));
            return payload;
          },
          2: async ({ payload }) => {
            // Held up by the batch, this one's number would come after those of all the others.
            seen.push(`m${payload.readUInt32LE()}`);
            for (let hop = 0; hop < 20; hop++) await null;
            seen.push(`p${payload.readUInt32LE()}`);
            return payload;
          },
        },
      });
      await server.listen();
      say('ready');
      for (;;) {
        await told();
        say('seen', seen.splice(0));
      }
    };
    const name = freshName();
    const argument = { name, service: SERVICE, adapter, count: 1, burst: 0 };
    const server = Child.start(task, argument);
    await server.said('ready');
    const client = await clientOf(name);
    // Sent in one go, so that they wait together.
    await Promise.all(numbers(60).map((number) => client.call(1, words(number))));
    server.tell('show');
    expect(await server.said('seen')).toEqual(inOrder(60));
    await Promise.all(numbers(60).map((number) => client.call(2, words(number))));
    server.tell('show');
    const pairs = numbers(60).flatMap((number) => [`m${number}`, `p${number}`]);
    expect(await server.said('seen', 2)).toEqual(pairs);
  });

  it('what ticks, promises and handlers throw is told, and no request is lost', async () => {
    const task: Task<Argument> = async (tools, { name, service, adapter }) => {
      const { IpcServer, adapters, say } = tools;
      // What several threw in one turn comes together.
      process.on('uncaughtException', (error) => {
        const all = error instanceof AggregateError ? error.errors : [error];
        for (const { message } of all) say('uncaught', message);
      });
      const server = new IpcServer({ name, adapter: adapters[adapter]() });
      server.on('requestError', (error) => say('requestError', (error as Error).message));
      const fail = (message: string) => {
        throw new Error(message);
      };
      server.service(service, {
        requests: {
          1: ({ payload }) => {
            const number = payload.readUInt32LE();
            if (number % 4 === 0) process.nextTick(() => fail(`tick ${number}`));
            if (number % 4 === 1) Promise.resolve().then(() => fail(`promise ${number}`));
            if (number % 4 === 2) fail(`handler ${number}`);
            return payload;
          },
        },
      });
      await server.listen();
      say('ready');
    };
    const name = freshName();
    const server = Child.start(task, { name, service: SERVICE, adapter, count: 0, burst: 0 });
    await server.said('ready');
    const client = await clientOf(name);
    const calls = numbers(40).map((number) => client.call(1, words(number)));
    for (const [number, result] of (await Promise.allSettled(calls)).entries()) {
      const failed = number % 4 === 2;
      expect([number, result.status]).toEqual([number, failed ? 'rejected' : 'fulfilled']);
      if (result.status === 'fulfilled') expect(result.value.readUInt32LE()).toBe(number);
    }
    const of = (kind: string, rest: number) =>
      numbers(10).map((round) => `${kind} ${4 * round + rest}`);
    await server.said('uncaught', 20);
    await server.said('requestError', 10);
    expect(server.values('requestError')).toEqual(of('handler', 2));
    expect(server.values('uncaught').sort()).toEqual(
      [...of('tick', 0), ...of('promise', 1)].sort(),
    );
  });
});

describe.each(ADAPTERS)(
  'a tick that throws after the only message of a turn, with %s',
  (adapter) => {
    it('is told of at once in a server, which serves on', async () => {
      const task: Task<Argument> = async (tools, { name, service, adapter }) => {
        const { IpcServer, adapters, say } = tools;
        process.on('uncaughtException', ({ message }) => say('uncaught', message));
        const server = new IpcServer({ name, adapter: adapters[adapter]() });
        server.service(service, {
          requests: {
            1: ({ payload }) => {
              const number = payload.readUInt32LE();
              process.nextTick(() => {
                process.nextTick(() => say('after', number));
                throw new Error(`tick ${number}`);
              });
              return payload;
            },
          },
        });
        await server.listen();
        say('ready');
      };
      const name = freshName();
      const server = Child.start(task, { name, service: SERVICE, adapter, count: 0, burst: 0 });
      await server.said('ready');
      const client = await clientOf(name);
      for (const number of numbers(40)) {
        expect((await client.call(1, words(number))).readUInt32LE()).toBe(number);
        // Some find the server asleep.
        if (number % 8 === 0) await server.said('after', number + 1);
      }
      await server.said('after', 40);
      expect(server.values('uncaught')).toEqual(numbers(40).map((number) => `tick ${number}`));
      expect(server.values('after')).toEqual(numbers(40));
    });

    it('is told of at once in a client, which reads on', async () => {
      const { name } = await startHolder();
      const task: Task<Argument> = async (tools, { name, service, adapter, count, burst }) => {
        const { IpcClient, adapters, say, sleep } = tools;
        const errors: string[] = [];
        process.on('uncaughtException', ({ message }) => errors.push(message));
        const client = await IpcClient.connect({ name, service, adapter: adapters[adapter]() });
        const size = Buffer.alloc(8);
        size.writeUInt32LE(1);
        size.writeUInt32LE(40, 4);
        client.on('dispatch', () =>
          process.nextTick(() => {
            throw new Error('tick');
          }),
        );
        for (let round = 1; round <= count; round++) {
          await client.call(burst, size);
          while (errors.length < round) await sleep(1);
        }
        say('errors', errors.length);
        await client.close();
      };
      const argument = { name, service: SERVICE, adapter, count: 30, burst: COMMAND.BURST };
      const client = Child.start(task, argument);
      expect(await client.ended()).toMatchObject({ outcome: 0, errors: '' });
      expect(await client.said('errors')).toBe(30);
    });
  },
);

describe.each(ADAPTERS)('in a client with %s', (adapter) => {
  it('ticks and promises run between the dispatch messages of a batch', async () => {
    const { name } = await startHolder();
    const task: Task<Argument> = async (tools, { name, service, adapter, count, burst }) => {
      const { IpcClient, adapters, say } = tools;
      const client = await IpcClient.connect({ name, service, adapter: adapters[adapter]() });
      const size = Buffer.alloc(8);
      size.writeUInt32LE(count);
      size.writeUInt32LE(40, 4);
      // They all lie in the ring before the first is read.
      client.callSync(burst, size);
      const seen: string[] = [];
      const done = new Promise<void>((resolve) => {
        client.on('dispatch', ({ payload }) => {
          const number = payload.readUInt32LE();
          seen.push(`m${number}`);
          Promise.resolve().then(() => {
            seen.push(`p${number}`);
            process.nextTick(() => {
              seen.push(`q${number}`);
              if (number === count - 1) resolve();
            });
          });
          process.nextTick(() => seen.push(`t${number}`));
        });
      });
      await done;
      say('seen', seen);
      await client.close();
    };
    const count = 600;
    const argument = { name, service: SERVICE, adapter, count, burst: COMMAND.BURST };
    const client = Child.start(task, argument);
    expect(await client.ended()).toMatchObject({ outcome: 0, errors: '' });
    expect(await client.said('seen')).toEqual(inOrder(count));
  });

  it('what ticks, promises and listeners throw is told, and no message is lost', async () => {
    const { name } = await startHolder();
    const task: Task<Argument> = async (tools, { name, service, adapter, count, burst }) => {
      const { IpcClient, adapters, say } = tools;
      const errors: string[] = [];
      process.on('uncaughtException', ({ message }) => errors.push(message));
      const client = await IpcClient.connect({ name, service, adapter: adapters[adapter]() });
      const size = Buffer.alloc(8);
      size.writeUInt32LE(count);
      size.writeUInt32LE(40, 4);
      client.callSync(burst, size);
      const seen: number[] = [];
      const fail = (message: string) => {
        throw new Error(message);
      };
      client.on('dispatch', ({ payload }) => {
        const number = payload.readUInt32LE();
        seen.push(number);
        if (number % 3 === 0) process.nextTick(() => fail(`tick ${number}`));
        if (number % 3 === 1) Promise.resolve().then(() => fail(`promise ${number}`));
        if (number % 3 === 2) fail(`listener ${number}`);
      });
      while (seen.length < count || errors.length < count) await tools.sleep(1);
      say('seen', seen);
      say('errors', errors);
      await client.close();
    };
    const count = 90;
    const argument = { name, service: SERVICE, adapter, count, burst: COMMAND.BURST };
    const client = Child.start(task, argument);
    expect(await client.ended()).toMatchObject({ outcome: 0, errors: '' });
    expect(await client.said('seen')).toEqual(numbers(count));
    const kinds = ['tick', 'promise', 'listener'];
    const errors = (await client.said('errors')) as string[];
    expect(errors.sort()).toEqual(
      numbers(count)
        .map((number) => `${kinds[number % 3]} ${number}`)
        .sort(),
    );
  });
});
