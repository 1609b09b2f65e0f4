// No thread to be had: RLIMIT_NPROC, for another user than root, who is exempt from it. The native wire
// needs none; the classic wire and the default adapter need one each.

import { describe, expect, it } from 'vitest';
import { eventually } from '../process/machine.js';
import { Caller, connectOver } from './caller.js';
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
    const client = new Caller(server, { adapter: 'thread', process: as });
    await client.does('no thread');
    expect(await client.fails(connectOver('native'))).toMatchObject(noThread);
    await client.does('give back');
    await client.does(connectOver('native'));
    expect(await client.does({ call: STARVING.ECHO })).toHaveLength(4);
  });

  it('a classic client cannot wait for answers, and says so', async () => {
    const server = await StarvingServer.start();
    const client = new Caller(server, { process: as });
    await client.does('no thread');
    await client.does(connectOver('classic 1.2'));
    expect(await client.fails({ call: STARVING.ECHO })).toMatchObject(noThread);
    await expectRest(client.pid);
    await client.does('give back');
    expect(await client.does({ call: STARVING.ECHO })).toHaveLength(4);
  });

  it('a server refuses a classic client, and takes native ones', async () => {
    const server = await StarvingServer.start({ process: as });
    const client = new Caller(server, { process: as });
    await client.does(connectOver('native'));
    await server.order('no thread');
    for (const over of ['classic 1.2', 'classic 1.4'] as const) {
      const refused = await client.fails(connectOver(over));
      expect(refused).toMatchObject({ code: 'ERR_COROIPC_NO_RESOURCES' });
    }
    await eventually(() =>
      expect(server.log.match(/refused: .*\(pthread_create: errno 11\)/g)).toHaveLength(2),
    );
    expect(await server.stats()).toMatchObject({ connections: 1, refusedForResources: 2 });
    await client.does(connectOver('native'));
    expect(await client.does({ call: STARVING.ECHO })).toHaveLength(4);
    await expectRest(server.pid);
    await server.order('give back');
    for (const over of ['classic 1.2', 'classic 1.4'] as const) {
      await client.does(connectOver(over));
      expect(await client.does({ call: STARVING.ECHO })).toHaveLength(4);
    }
  });
});
