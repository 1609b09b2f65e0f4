// An address space that is used up: of a client, of a server. What was mapped before goes on, what is
// asked for fails with mmap and ENOMEM, and works when there is room again.

import { describe, expect, it } from 'vitest';
import { eventually } from '../process/machine.js';
import { EVERY_WIRE } from '../process/wires.js';
import { Caller, connectOver } from './caller.js';
import { expectRest } from './scarcity.js';
import { STARVING, StarvingServer } from './starving-server.js';

const ENOMEM = 12;
const MIB = 1024 * 1024;
/** What a process needs to go on as it is, and is not enough for what is asked for. */
const LEFT = 40 * MIB;
const LARGE = 30 * MIB;
const ECHO = { call: STARVING.ECHO, bytes: 5000 };
const noMemory = { code: 'ERR_COROIPC_NO_MEMORY', errno: ENOMEM, syscall: 'mmap' };

describe('without address space', () => {
  it('a client fails by itself', async () => {
    const server = await StarvingServer.start();
    const client = new Caller(server);
    for (const over of EVERY_WIRE) {
      await client.does(connectOver(over));
      await client.does(ECHO);
      await client.does({ addressSpace: LEFT });
      expect(await client.fails(connectOver(over, LARGE))).toMatchObject(noMemory);
      expect(await client.does(ECHO)).toHaveLength(5000);
      await server.settled(1);
      await client.does('give back');
      await client.does(connectOver(over, LARGE));
      expect(await client.does(ECHO)).toHaveLength(5000);
      for (let open = 2; open > 0; open--) await client.does('close');
      await server.settled(0);
    }
  });

  it('a server refuses who asks for more, and serves the others', async () => {
    const server = await StarvingServer.start();
    const client = new Caller(server);
    for (const [index, over] of EVERY_WIRE.entries()) {
      await client.does(connectOver(over));
      await client.does(ECHO);
      await server.order({ addressSpace: LEFT });
      const refused = await client.fails(connectOver(over, LARGE));
      expect(refused).toMatchObject({ code: 'ERR_COROIPC_NO_MEMORY' });
      const counted = { connections: 1, refusedForResources: index + 1 };
      expect(await server.stats()).toMatchObject(counted);
      expect(await client.does(ECHO)).toHaveLength(5000);
      await client.does(connectOver(over));
      if (over === 'native') await expectRest(server.pid);
      await server.order('give back');
      await client.does(connectOver(over, LARGE));
      expect(await client.does(ECHO)).toHaveLength(5000);
      for (let open = 3; open > 0; open--) await client.does('close');
      await server.settled(0);
    }
    await eventually(() =>
      expect(server.log.match(/refused: .*\(mmap: errno 12\)/g)).toHaveLength(EVERY_WIRE.length),
    );
  });

  it('a zero-copy buffer is refused where there is none', async () => {
    const server = await StarvingServer.start();
    const client = new Caller(server);
    await client.does(connectOver('native'));
    await client.does({ buffer: 1000 });
    await server.order({ addressSpace: LEFT });
    const refused = { code: 'ERR_COROIPC_NO_MEMORY' };
    expect(await client.fails({ buffer: 60 * MIB })).toMatchObject(refused);
    await server.order('give back');
    await client.does({ buffer: 60 * MIB });
    await client.does({ addressSpace: LEFT });
    // The addresses of the one that was freed are given back when it is collected, and that may be now.
    expect(await client.fails({ buffer: 2 * 60 * MIB })).toMatchObject(noMemory);
    expect(await client.does(ECHO)).toHaveLength(5000);
    await client.does('give back');
    await client.does({ buffer: 60 * MIB });
  });
});
