// A full /dev/shm: a small file system of its own, in a mount namespace that a server and its clients
// are in alone.

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventually } from '../process/machine.js';
import { Caller, connectOver, makeOver } from './caller.js';
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
  it('is an error of who asks for more, and no concern of the native wire', async () => {
    const server = await StarvingServer.start({ process: { through: small } });
    const first = new Caller(server, inside(server));
    const second = new Caller(server, inside(server));
    for (const over of ['classic 1.2', 'classic 1.4'] as const) {
      await first.does(connectOver(over, 1000 * KIB));
      expect(await second.fails(connectOver(over, 1000 * KIB))).toMatchObject(noSpace);
      expect(await second.fails(makeOver(over, 2000 * KIB))).toMatchObject(noSpace);
      expect(await first.does({ call: STARVING.ECHO, bytes: 900 * KIB })).toHaveLength(900 * KIB);
      if (over === 'classic 1.4') await expectRest(server.pid);
      expect(filesOf(server)).toEqual([]);

      await second.does(connectOver('native', 4000 * KIB));
      expect(await second.does({ call: STARVING.ECHO, bytes: 900 * KIB })).toHaveLength(900 * KIB);
      await second.does({ buffer: 4000 * KIB });
      await second.does('close');

      await first.does('close');
      await server.settled(0);
      await second.does(connectOver(over, 1000 * KIB));
      expect(await second.does({ call: STARVING.ECHO })).toHaveLength(4);
      await second.does('close');
      await server.settled(0);
    }
    await eventually(() => expect(filesOf(server)).toEqual([]));
  });
});
