// A full /dev/shm: a small file system of its own, in a mount namespace that a server and its clients
// are in alone.

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventually } from '../process/machine.js';
import { Caller, sized } from './caller.js';
import { expectRest } from './scarcity.js';
import { STARVING, StarvingServer } from './starving-server.js';

const ENOSPC = 28;
const KIB = 1024;
const MOUNT = 'mount -t tmpfs -o size=4m tmpfs /dev/shm && exec "$@"';
const small = ['unshare', '-m', 'sh', '-c', MOUNT, 'sh'];
const inside = (server: StarvingServer) => ({
  process: { through: ['nsenter', '-t', String(server.pid), '-m', '--'] },
});
const filesOf = (server: StarvingServer) => readdirSync(`/proc/${server.pid}/root/dev/shm`);
const noSpace = { code: 'ERR_COROIPC_NO_SPACE', errno: ENOSPC, syscall: 'posix_fallocate' };

describe('a full /dev/shm', () => {
  it.each(['classic 1.2', 'classic 1.4'] as const)(
    'is an error of who asks for more, %s',
    async (over) => {
      const server = await StarvingServer.start({ process: { through: small } });
      const first = new Caller(server, over, inside(server));
      await first.does({ connect: sized(1000 * KIB) });
      const second = new Caller(server, over, inside(server));
      expect(await second.fails({ connect: sized(1000 * KIB) })).toMatchObject(noSpace);
      expect(await second.fails({ zcb: 2000 * KIB })).toMatchObject(noSpace);
      expect(await first.does({ call: STARVING.ECHO, bytes: 900 * KIB })).toHaveLength(900 * KIB);
      await expectRest(server.pid);
      expect(filesOf(server)).toEqual([]);
      await first.does('close');
      await server.settled(0);
      await second.does({ connect: sized(1000 * KIB) });
      expect(await second.does({ call: STARVING.ECHO })).toHaveLength(4);
      await second.does('close');
      await eventually(() => expect(filesOf(server)).toEqual([]));
    },
  );

  it('is no concern of the native wire', async () => {
    const server = await StarvingServer.start({ process: { through: small } });
    const other = new Caller(server, 'classic 1.2', inside(server));
    await other.does({ connect: sized(1000 * KIB) });
    const client = new Caller(server, 'native', inside(server));
    await client.does({ connect: sized(4000 * KIB) });
    expect(await client.does({ call: STARVING.ECHO, bytes: 900 * KIB })).toHaveLength(900 * KIB);
    await client.does({ buffer: 4000 * KIB });
  });
});
