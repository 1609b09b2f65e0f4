// No thread to be had: RLIMIT_NPROC, for another user than root, who is exempt from it. The native wire
// needs none; the classic wire and the default adapter need one each.

import { describe, expect, it } from 'vitest';
import { Caller, sized } from './caller.js';
import { expectRest } from './scarcity.js';
import { STARVING, StarvingServer } from './starving-server.js';

const EAGAIN = 11;
/** Nobody's: no other process of these tests is this user's. */
const UID = 64_321;
const as = { uid: UID, gid: UID };
const noThread = {
  code: 'ERR_COROIPC_NO_RESOURCES',
  errno: EAGAIN,
  syscall: 'pthread_create',
};

describe('without a thread', () => {
  it('the default adapter says so, at once, and works when there is one', async () => {
    const server = await StarvingServer.start();
    const client = new Caller(server, 'native', { adapter: 'thread', process: as });
    await client.does('no thread');
    expect(await client.fails({ connect: sized(8192) })).toMatchObject(noThread);
    await client.does('give back');
    await client.does({ connect: sized(8192) });
    expect(await client.does({ call: STARVING.ECHO })).toHaveLength(4);
  });

  it('a classic client cannot wait for answers, and says so', async () => {
    const server = await StarvingServer.start();
    const client = new Caller(server, 'classic 1.2', { process: as });
    await client.does('no thread');
    await client.does({ connect: sized(8192) });
    expect(await client.fails({ call: STARVING.ECHO })).toMatchObject(noThread);
    await expectRest(client.pid);
    await client.does('give back');
    expect(await client.does({ call: STARVING.ECHO })).toHaveLength(4);
  });

  it.each(['classic 1.2', 'classic 1.4'] as const)(
    'a server refuses a %s client, and takes native ones',
    async (over) => {
      const server = await StarvingServer.start({ process: as });
      const native = new Caller(server, 'native', { process: as });
      const classic = new Caller(server, over, { process: as });
      await native.does({ connect: sized(8192) });
      await server.order('no thread');
      const refused = await classic.fails({ connect: sized(8192) });
      expect(refused).toMatchObject({ code: 'ERR_COROIPC_NO_RESOURCES' });
      expect(server.log).toMatch(/refused: .*\(pthread_create: errno 11\)/);
      expect(await server.stats()).toMatchObject({ connections: 1, refusedForResources: 1 });
      await native.does({ connect: sized(8192) });
      expect(await native.does({ call: STARVING.ECHO })).toHaveLength(4);
      await expectRest(server.pid);
      await server.order('give back');
      await classic.does({ connect: sized(8192) });
      expect(await classic.does({ call: STARVING.ECHO })).toHaveLength(4);
    },
  );
});
