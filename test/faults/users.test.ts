// Several users on one machine: who is let in, who is not and is told so, what the others can read of a
// connection, and who may have taken a server's name. Other users need root to begin with.

import { chmodSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CS, coroipcc, IpcClient } from '@coroipc/core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Child } from '../process/child.js';
import { returned } from '../process/returned.js';
import { EVERY_WIRE, SPEAKS, type Speaks } from '../process/wires.js';
import { Attacker } from './attacker.js';
import { LAYOUT, setup, sharedFiles } from './classic-wire.js';
import { hello } from './native-wire.js';
import { type Api, freshName, SERVICE, Victim, type VictimOptions } from './victim.js';

const ALICE = { uid: 61001, gid: 61001 };
const BOB = { uid: 61002, gid: 61002 };
const CAROL = { uid: 61003, gid: 61003 };
/** Bob in Alice's group. */
const GUEST = { uid: 61002, gid: 61001 };

/** The statuses of connects and calls over every wire, by promises and blocking, of one user. */
async function statusesOf(user: { uid: number; gid: number }, name: string): Promise<unknown> {
  return returned<{ name: string; service: number; wires: Speaks[] }>(
    async ({ IpcClient: Client, coroipcc: c, CoroIpcError }, argument) => {
      const { name: to, service, wires } = argument;
      const found: unknown[] = [];
      const attempt = async (step: () => unknown) => {
        try {
          await step();
          found.push(1);
        } catch (error) {
          found.push(CoroIpcError.is(error) ? error.status : String(error));
        }
      };
      for (const speaks of wires) {
        await attempt(async () => {
          const client = await Client.connect({ name: to, service, ...speaks });
          client.callSync(2, 'body', { timeoutMs: 10_000 });
          await client.close();
        });
        await attempt(() =>
          c.serviceDisconnect(c.serviceConnect(to, service, 4096, 4096, 4096, speaks)),
        );
      }
      return found;
    },
    { name, service: SERVICE, wires: Object.values(SPEAKS) },
    user,
  );
}

const all = (status: number): number[] => Array(2 * EVERY_WIRE.length).fill(status);

async function victimOf(api: Api, options: VictimOptions): Promise<Victim> {
  const victim = await Victim.start(api, options);
  onTestFinished(() => victim[Symbol.asyncDispose]());
  return victim;
}

describe.runIf(process.getuid?.() === 0)('clients of other users', () => {
  it.each(['people', 'c'] as const)(
    'some are let in, others told that they are not, by user, by group, and when the check fails: %s',
    async (api) => {
      const authenticate = { uids: [ALICE.uid], gids: [ALICE.gid], throws: [CAROL.uid] };
      const victim = await victimOf(api, { authenticate });
      const statuses = await Promise.all(
        [ALICE, GUEST, BOB, CAROL].map((user) => statusesOf(user, victim.name)),
      );
      const { OK, ERR_SECURITY } = CS;
      expect(statuses).toEqual([all(OK), all(OK), all(ERR_SECURITY), all(ERR_SECURITY)]);
      expect(victim.log).toMatch(/uid 61002, .* refused: not admitted/);
      expect(victim.log).toMatch(/what uid 61003 is nobody knows/);
      expect(victim.alive).toBe(true);
    },
  );

  // A1, A2: the originals let in whom their check denied with `errno` 0, and left others hanging.
  it.each(['0', 'false', 'undefined', 'null', 'NaN', "''", '{}', 'Promise.resolve(1)'])(
    'a check that says %s denies, on every wire, and the denied one is told',
    async (verdict) => {
      for (const api of ['people', 'c'] as const) {
        for (const wire of EVERY_WIRE) {
          await judging[api].judge(verdict);
          const call = { name: judging[api].name, service: SERVICE, ...SPEAKS[wire] };
          await expect(IpcClient.connect(call)).rejects.toMatchObject({ status: CS.ERR_SECURITY });
        }
      }
    },
  );

  const judging = {} as Record<Api, Victim>;
  beforeAll(async () => {
    for (const api of ['people', 'c'] as const)
      judging[api] = await Victim.start(api, { verdict: '0' });
  });
  afterAll(async () => {
    for (const victim of Object.values(judging)) await victim[Symbol.asyncDispose]();
  });

  it('without a check, root and the user of the server are let in', async () => {
    const name = freshName();
    const server = Child.start(
      async ({ IpcServer, say, never }, argument) => {
        const { service } = argument;
        const one = new IpcServer({ name: argument.name, wires: ['native', 'classic'] });
        one.service(service, { requests: { 2: ({ payload }) => payload } });
        await one.listen();
        say('ready');
        await never();
      },
      { name, service: SERVICE },
      ALICE,
    );
    await server.said('ready');
    const statuses = await Promise.all(
      [ALICE, { uid: 0, gid: 0 }, BOB].map((user) => statusesOf(user, name)),
    );
    const { OK, ERR_ACCESS, ERR_SECURITY } = CS;
    // On the classic wire a server has to open its client's files, and those are root's alone.
    const root = [OK, OK, ERR_ACCESS, ERR_ACCESS, ERR_ACCESS, ERR_ACCESS];
    expect(statuses).toEqual([all(OK), root, all(ERR_SECURITY)]);
  });
});

describe.runIf(process.getuid?.() === 0)('a socket that is a path', () => {
  it.each([
    { mode: 0o600, owner: {}, alice: false, guest: false, bob: false },
    { mode: 0o600, owner: { uid: ALICE.uid }, alice: true, guest: false, bob: false },
    { mode: 0o660, owner: { gid: ALICE.gid }, alice: true, guest: true, bob: false },
    { mode: 0o666, owner: {}, alice: true, guest: true, bob: true },
  ])('of mode $mode and owner $owner', async ({ mode, owner, alice, guest, bob }) => {
    const directory = await mkdtemp('/tmp/coroipc-faults-');
    onTestFinished(() => rm(directory, { recursive: true }));
    chmodSync(directory, 0o755);
    for (const api of ['people', 'c'] as const) {
      const name = join(directory, api);
      await victimOf(api, { name, mode, owner });
      expect(statSync(name).mode & 0o777).toBe(mode);
      for (const [user, allowed] of [
        [ALICE, alice],
        [GUEST, guest],
        [BOB, bob],
      ] as const) {
        await using raw = Attacker.start(user);
        const answer = await raw.attempt('connect', name);
        if (allowed) expect(answer).toMatch(/^\d+$/);
        else expect(answer).toBe('error EACCES');
      }
    }
  });
});

describe.runIf(process.getuid?.() === 0)('what others can read of a connection', () => {
  it('nothing of a native one: no descriptor of its memory is left, nor may theirs be opened', async () => {
    const victim = await victimOf('people', {});
    const client = await IpcClient.connect({ name: victim.name, service: SERVICE });
    onTestFinished(() => client.close());
    await using raw = Attacker.start(ALICE);
    for (const pid of [victim.pid, process.pid]) {
      const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
        try {
          return readlinkSync(`/proc/${pid}/fd/${fd}`);
        } catch {
          return '';
        }
      });
      expect(links.filter((link) => link.startsWith('/memfd:coroipc'))).toEqual([]);
    }
    for (const fd of readdirSync(`/proc/${victim.pid}/fd`))
      expect(await raw.attempt('open', `/proc/${victim.pid}/fd/${fd}`, 'r')).toBe('error EACCES');
    for (const what of ['mem', 'maps', 'environ'])
      expect(await raw.attempt('open', `/proc/${victim.pid}/${what}`, 'r')).toMatch(
        /^error (EACCES|EPERM)$/,
      );
  });

  it('nothing of a native one in its handshake, when its memory has a descriptor', async () => {
    const victim = await victimOf('people', { limits: { handshakeTimeoutMs: 60_000 } });
    await using other = Attacker.start(BOB);
    const socket = await other.connect(victim.name);
    await other.send(socket, hello());
    const { files } = await other.recv(socket, 64);
    await using raw = Attacker.start(ALICE);
    for (const pid of [victim.pid, other.pid])
      for (const fd of readdirSync(`/proc/${pid}/fd`))
        expect(await raw.attempt('open', `/proc/${pid}/fd/${fd}`, 'rw')).toMatch(
          /^error (EACCES|ENXIO)$/,
        );
    // Nor can who has a right to it write where only the server may.
    expect(await other.attempt('map', files[0] as number, 4096, 'rw')).toBe('error EPERM');
    expect(await other.attempt('truncate', files[0] as number, 0)).toBe('error EPERM');
  });

  it.each(['1.2', '1.4'] as const)(
    'nothing of a classic one of %s: its files are its own, and gone when it is set up',
    async (generation) => {
      const address = freshName();
      await using squatter = Attacker.start(ALICE);
      const listener = await squatter.listen(address);
      const connecting = IpcClient.connect({
        name: address,
        service: SERVICE,
        generation,
        timeoutMs: 20_000,
      }).catch((error: unknown) => error);
      const socket = await squatter.accept(listener);
      const layout = LAYOUT[generation];
      const { bytes } = await squatter.recv(socket, layout.bytes);
      for (const index of [0, 1, 2, 3]) {
        const field = bytes.subarray(16 + index * layout.path);
        const path = field.subarray(0, field.indexOf(0)).toString('latin1');
        expect(statSync(path).mode & 0o777).toBe(0o600);
        for (const how of ['r', 'rw'])
          expect(await squatter.attempt('open', path, how)).toBe('error EACCES');
        expect(await squatter.unlink(path)).toMatch(/^error (EPERM|EACCES)$/);
      }
      await squatter.close(socket);
      expect(await connecting).toMatchObject({ status: CS.ERR_LIBRARY });
    },
  );

  it('no user can name the files of another for its own', async () => {
    const victim = await victimOf('people', {});
    await using owner = Attacker.start(BOB);
    const theirs = await sharedFiles(owner);
    await using raw = Attacker.start(ALICE);
    const socket = await raw.connect(victim.name);
    await raw.send(socket, setup('1.4', theirs.paths));
    expect((await raw.recv(socket, 8)).bytes.readInt32LE(0)).not.toBe(CS.OK);
    expect(await raw.over(socket)).toBe(true);
    for (const path of Object.values(theirs.paths)) {
      expect(statSync(path).size).toBeGreaterThan(0);
      await owner.unlink(path);
    }
    expect(victim.log).toMatch(/uid 61001, .* failed: its shared files were not accepted/);
  });
});

describe.runIf(process.getuid?.() === 0)('a squatter on the name of a server', () => {
  it.each(EVERY_WIRE)('hears nothing of who says whose server it wants (%s)', async (wire) => {
    const address = freshName();
    await using squatter = Attacker.start(ALICE);
    const listener = await squatter.listen(address);
    const wanted = { ...SPEAKS[wire], serverUid: 0, timeoutMs: 20_000 };
    const connecting = IpcClient.connect({ name: address, service: SERVICE, ...wanted });
    await expect(connecting).rejects.toMatchObject({ status: CS.ERR_SECURITY });
    const connect = () => coroipcc.serviceConnect(address, SERVICE, 4096, 4096, 4096, wanted);
    expect(connect).toThrow(expect.objectContaining({ status: CS.ERR_SECURITY }));
    for (let i = 0; i < 2; i++) {
      const { bytes } = await squatter.recv(await squatter.accept(listener), 1);
      expect(bytes).toHaveLength(0);
    }
  });
});
