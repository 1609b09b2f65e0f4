// Timers of the host keep firing while a peer in another process sends as fast as it can: no turn of
// a server or a client keeps the loop for itself.

import { describe, expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';

const ADAPTERS = ['libuv', 'thread'] as const;
const SERVICE = 3;
const FIRINGS = 200;

interface Argument {
  readonly name: string;
  readonly service: number;
  readonly adapter: (typeof ADAPTERS)[number];
  readonly firings: number;
}

const serve: Task<Argument> = async (tools, { name, service, adapter, firings }) => {
  const { IpcServer, CoroIpcError, CS, adapters, say } = tools;
  const server = new IpcServer({ name, adapter: adapters[adapter]() });
  let served = 0;
  server.service(service, {
    requests: {
      1: ({ payload }) => {
        served++;
        return payload;
      },
      // Messages for ever.
      2: ({ connection }) => {
        const pour = () => {
          try {
            while (connection.dispatch(1, Buffer.alloc(64)));
          } catch (error) {
            if (CoroIpcError.is(error, CS.ERR_LIBRARY)) return;
            throw error;
          }
          setImmediate(pour);
        };
        setImmediate(pour);
        return '';
      },
      // A timer's chain, from the first request on.
      3: () => {
        let fired = 0;
        const began = served;
        const fire = () => {
          if (++fired < firings) setTimeout(fire, 1);
          else say('fired', served - began);
        };
        setTimeout(fire, 1);
        return '';
      },
    },
  });
  await server.listen();
  say('ready');
};

describe.each(ADAPTERS)('with %s', (adapter) => {
  const started = async () => {
    const argument = { name: freshName(), service: SERVICE, adapter, firings: FIRINGS };
    const server = Child.start(serve, argument);
    await server.said('ready');
    return { argument, server };
  };

  it('in a server that clients call without a pause', async () => {
    const { argument, server } = await started();
    const hammer: Task<Argument> = async ({ IpcClient, say }, { name, service }) => {
      const client = await IpcClient.connect({ name, service });
      const again = (): Promise<void> => client.call(1, 'x').then(again);
      for (let lane = 0; lane < 200; lane++) void again().catch(() => {});
      await client.call(3);
      say('at it');
    };
    const one = Child.start(hammer, argument);
    await one.said('at it');
    expect(await server.said('fired')).toBeGreaterThan(FIRINGS);
  });

  it('in a client that a server sends to without a pause', async () => {
    const { argument } = await started();
    const listen: Task<Argument> = async (tools, { name, service, adapter, firings }) => {
      const { IpcClient, adapters } = tools;
      const client = await IpcClient.connect({ name, service, adapter: adapters[adapter]() });
      let messages = 0;
      client.on('dispatch', () => messages++);
      await client.call(2);
      while (messages === 0) await tools.sleep(1);
      const before = messages;
      for (let fired = 0; fired < firings; fired++) await tools.sleep(1);
      const seen = messages - before;
      await client.close();
      return seen;
    };
    const one = Child.start(listen, argument);
    expect(await one.ended()).toMatchObject({ outcome: 0, errors: '' });
    expect(await one.said('returned')).toBeGreaterThan(FIRINGS);
  });
});
