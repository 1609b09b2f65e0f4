// An address space that is used up: of a client, of a server. What was mapped before goes on, what is
// asked for fails with mmap and ENOMEM, and works when there is room again.

import { describe, expect, it } from 'vitest';
import { EVERY_WIRE } from '../process/wires.js';
import { Caller, sized } from './caller.js';
import { expectRest } from './scarcity.js';
import { STARVING, StarvingServer } from './starving-server.js';

const ENOMEM = 12;
const MIB = 1024 * 1024;
/** What a process needs to go on as it is, and is not enough for what is asked for. */
const LEFT = 40 * MIB;
const LARGE = 30 * MIB;
const noMemory = { code: 'ERR_COROIPC_NO_MEMORY', errno: ENOMEM, syscall: 'mmap' };

describe.each(EVERY_WIRE)('without address space, %s', (over) => {
  it('a client fails by itself', async () => {
    const server = await StarvingServer.start();
    const client = new Caller(server, over);
    await client.does({ connect: sized(8192) });
    await client.does({ call: STARVING.ECHO });
    await client.does({ addressSpace: LEFT });
    expect(await client.fails({ connect: sized(LARGE) })).toMatchObject(noMemory);
    expect(await client.does({ call: STARVING.ECHO, bytes: 5000 })).toHaveLength(5000);
    await server.settled(1);
    await client.does('give back');
    await client.does({ connect: sized(LARGE) });
    expect(await client.does({ call: STARVING.ECHO, bytes: 5000 })).toHaveLength(5000);
  });

  it('a server refuses who asks for more, and serves the others', async () => {
    const server = await StarvingServer.start();
    const client = new Caller(server, over);
    await client.does({ connect: sized(8192) });
    await client.does({ call: STARVING.ECHO });
    await server.order({ addressSpace: LEFT });
    const refused = await client.fails({ connect: sized(LARGE) });
    expect(refused).toMatchObject({ code: 'ERR_COROIPC_NO_MEMORY' });
    expect(server.log).toMatch(/refused: .*\(mmap: errno 12\)/);
    expect(await server.stats()).toMatchObject({ connections: 1, refusedForResources: 1 });
    expect(await client.does({ call: STARVING.ECHO, bytes: 5000 })).toHaveLength(5000);
    await expectRest(server.pid);
    await client.does({ connect: sized(8192) });
    await server.order('give back');
    await client.does({ connect: sized(LARGE) });
    expect(await client.does({ call: STARVING.ECHO, bytes: 5000 })).toHaveLength(5000);
  });
});

describe('without address space, zero-copy buffers', () => {
  it('of a client are refused where there is none', async () => {
    const server = await StarvingServer.start();
    const client = new Caller(server, 'native');
    await client.does({ connect: sized(8192) });
    await client.does({ buffer: 1000 });
    await server.order({ addressSpace: LEFT });
    const refused = { code: 'ERR_COROIPC_NO_MEMORY' };
    expect(await client.fails({ buffer: 60 * MIB })).toMatchObject(refused);
    await server.order('give back');
    await client.does({ buffer: 60 * MIB });
    await client.does({ addressSpace: LEFT });
    expect(await client.fails({ buffer: 60 * MIB })).toMatchObject(noMemory);
    expect(await client.does({ call: STARVING.ECHO })).toHaveLength(4);
    await client.does('give back');
    await client.does({ buffer: 60 * MIB });
  });
});
