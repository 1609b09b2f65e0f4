// A server without descriptors: callers are told why not, whoever is connected is served on, the
// processor is left alone, and with descriptors it is as it was.

import { libuvPoll } from '@coroipc/adapter-libuv';
import { CoroIpcError, CS, IpcClient } from '@coroipc/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually, expectHoldings, holdings } from '../process/machine.js';
import { EVERY_WIRE, type Over, SPEAKS } from '../process/wires.js';
import { expectRest } from './scarcity.js';
import { STARVING, STARVING_SERVICE, StarvingServer } from './starving-server.js';

/** More than a handshake opens. */
const MOST = 16;

async function connect(server: StarvingServer, over: Over): Promise<IpcClient> {
  const client = await IpcClient.connect({
    ...{ name: server.name, service: STARVING_SERVICE, adapter: libuvPoll() },
    ...{ requestBytes: 8192, responseBytes: 8192, dispatchBytes: 8192 },
    ...SPEAKS[over],
  });
  onTestFinished(() => client.close());
  return client;
}

const statusOf = (error: unknown): unknown => (CoroIpcError.is(error) ? error.status : error);

describe('a server whose k-th descriptor is refused', () => {
  it.each(['libuv', 'thread', 'epoll'] as const)('%s', async (adapter) => {
    const server = await StarvingServer.start({ adapter });
    const client = await connect(server, 'native');
    let refused = 0;
    for (const over of EVERY_WIRE) {
      // Once before, for what is made once and kept.
      await (await connect(server, over)).close();
      await server.settled();
      const before = holdings(server.pid);
      const seen: unknown[] = [];
      for (let left = 0; left < MOST; left++) {
        await server.order({ descriptors: left });
        try {
          await (await connect(server, over)).close();
          break;
        } catch (error) {
          seen.push(statusOf(error));
        }
        expect((await client.call(STARVING.ECHO, `${left} left`)).toString()).toBe(`${left} left`);
        expect(client.callSync(STARVING.ECHO, 'x').toString()).toBe('x');
      }
      expect(seen.length).toBeGreaterThan(1);
      expect(seen).toEqual(seen.map(() => CS.ERR_NO_RESOURCES));
      refused += seen.length;
      expect(await server.stats()).toMatchObject({ refusedForResources: refused, refused: 0 });
      await eventually(() =>
        expect(server.log.match(/refused: .*\(\w+: errno 24\)/g)?.length).toBe(refused),
      );
      await server.order('give back');
      await (await connect(server, over)).close();
      await expectHoldings(server.pid, before);
    }
  });
});

describe('a server without a descriptor', () => {
  it('does not spin while callers come', async () => {
    const server = await StarvingServer.start();
    const client = await connect(server, 'native');
    await server.order({ descriptors: 0 });
    let goesOn = true;
    const seen = new Set<unknown>();
    const callers = EVERY_WIRE.map(async (over) => {
      while (goesOn) {
        seen.add(await connect(server, over).catch(statusOf));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    await expectRest(server.pid);
    goesOn = false;
    await Promise.all(callers);
    expect([...seen]).toEqual([CS.ERR_NO_RESOURCES]);
    expect((await client.call(STARVING.ECHO, 'still')).toString()).toBe('still');
  });

  it('takes no zero-copy buffer, and tells so, for no longer than that', async () => {
    const server = await StarvingServer.start();
    const client = await connect(server, 'native');
    await server.order({ descriptors: 0 });
    const made = client.createBuffer(1000).catch(statusOf);
    expect(await made).toBe(CS.ERR_NO_RESOURCES);
    const answer = await client.call(STARVING.MAKE_BUFFER);
    expect(answer.toString()).toBe('ERR_COROIPC_NO_RESOURCES');
    expect(client.closed).toBe(false);
    await server.order('give back');
    (await client.createBuffer(1000)).free();
    expect((await client.call(STARVING.MAKE_BUFFER)).toString()).toBe('made');
  });
});
