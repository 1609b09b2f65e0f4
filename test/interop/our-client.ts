// What our client does with C servers of both generations, by either of its interfaces: a file for each.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectNoneLeft, sharedFiles } from '../process/machine.js';
import {
  type ClientFlags,
  classicPeers,
  GENERATIONS,
  ourClient,
  play,
  ServerProcess,
} from './peers.js';
import { BURSTS, CALLS, expectPlayed, readingBy } from './scenarios.js';

const { server: classicServer } = classicPeers();
const CLIENTS_AT_ONCE = 6;

const READERS = { people: ['get', 'event'], coroipcc: ['get', 'recv', 'fd'] } as const;

export type Api = keyof typeof READERS;

export function worksWithCServers(api: Api): void {
  describe.each(GENERATIONS)(`our ${api} client on a C server of %s`, (generation) => {
    const client = ourClient(api);
    let server: ServerProcess;
    let before: string[];

    beforeAll(async () => {
      server = await ServerProcess.start(classicServer, generation);
    });
    beforeEach(() => {
      before = sharedFiles();
      expect(server.running, server.errors).toBe(true);
    });
    afterEach(async () => {
      await server.alone();
      await expectNoneLeft(before);
    });
    afterAll(async () => {
      expect(await server.end('SIGTERM')).toBe('SIGTERM');
      expect(server.errors).toBe('');
    });

    it.each(CALLS)('calls: $play $flags', async ({ play: scenario, calls, flags }) => {
      expectPlayed(await play(client, server, generation, scenario, flags), { calls });
    });

    // A server of 1.2 overwrites unread messages when they fill the ring to its last byte.
    const bursts = BURSTS.filter(({ fills }) => !(fills && generation === '1.2'));

    it.each(bursts)('$play $flags', async (scenario) => {
      const { dispatches } = scenario;
      for (const reader of READERS[api]) {
        const flags = readingBy(scenario, reader);
        const ended = await play(client, server, generation, scenario.play, flags);
        expectPlayed(ended, { dispatches, calls: 1 });
      }
    });

    it('sees flow control when it is behind', async () => {
      const ended = await play(client, server, generation, 'burst 400 4001 200', {
        dispatch: 8192,
      });
      expectPlayed(ended, { dispatches: 400 });
      expect(ended.report?.flowControlled).toBe(true);
    });

    it.each([24, 777, 100_001])('calls between dispatch messages of %i bytes', async (size) => {
      const ended = await play(client, server, generation, `both 100 ${size}`);
      expectPlayed(ended, { calls: 200, dispatches: 300 });
    });

    it('learns the status of an answer', async () => {
      const found = async (scenario: string) =>
        (await play(client, server, generation, scenario)).report?.status;
      expect(await found('status 14')).toBe(14);
      expect(await found('try-again')).toBe(6);
      expect(await found('late 150')).toBe(1);
    });

    it('learns the status of a refusal', async () => {
      const found = async (service: number) =>
        (await play(client, server, generation, 'refused', { service })).report?.status;
      expect(await found(77)).toBe(100);
      expect(await found(5)).toBe(12);
    });

    it('is told to try again where nobody listens', async () => {
      const ended = await play(client, `${server.name}-nobody`, generation, 'refused');
      expectPlayed(ended, { status: 6 });
    });

    it('may just end, or be killed in the middle of a burst', async () => {
      expectPlayed(await play(client, server, generation, 'exit'), { calls: 1 });
      const killed = await play(client, server, generation, 'kill 3000 1001');
      expect(killed).toMatchObject({ signal: 'SIGKILL', report: undefined });
      expectPlayed(await play(client, server, generation, 'echo 8 8'), { calls: 8 });
    });

    it('works many at once', async () => {
      const plays = Array.from({ length: CLIENTS_AT_ONCE }, () =>
        play(client, server, generation, 'both 60 5001'),
      );
      for (const ended of await Promise.all(plays)) expectPlayed(ended, { dispatches: 180 });
    });

    it('refuses a request beyond its buffer, and goes on', async () => {
      expectPlayed(await play(client, server, generation, 'too-large'), { calls: 1, status: 7 });
    });

    if (api === 'people') return;

    it.each([0, 1, 100_001, 1_048_552])('zero-copy with %i bytes', async (size) => {
      expectPlayed(await play(client, server, generation, `zcb ${size}`), { calls: 3 });
    });
  });
}

export function outlivesCServers(api: Api): void {
  describe.each(GENERATIONS)(`a C server of %s under our ${api} client`, (generation) => {
    const client = ourClient(api);

    const ways: ClientFlags[] = api === 'people' ? [{ calls: 'sync' }, { calls: 'async' }] : [{}];

    it.each(ways)('dies in the middle of a call, which fails at once: %o', async (flags) => {
      const before = sharedFiles();
      const server = await ServerProcess.start(classicServer, generation);
      const ended = await play(client, server, generation, 'die', flags);
      expectPlayed(ended, { status: 2 });
      expect(await server.end('SIGTERM')).toBe(9);
      await expectNoneLeft(before);
    });

    it.each(ways)('is killed while a call waits, which fails: %o', async (flags) => {
      const before = sharedFiles();
      const server = await ServerProcess.start(classicServer, generation);
      const blocked = play(client, server, generation, 'late 600000', flags);
      await server.said('connected 1');
      await sleep(300);
      await server.end('SIGKILL');
      expectPlayed(await blocked, { status: 2 });
      await expectNoneLeft(before);
    });
  });

  describe(`a busy C server under our ${api} client`, () => {
    // A server of 1.2 says OK before it opens the client's files: they have to stay until it has.
    it.each(GENERATIONS)('finds all files of a client of %s', async (generation) => {
      const before = sharedFiles();
      const server = await ServerProcess.start(classicServer, generation, '150');
      for (const scenario of ['leave', 'echo 100 20', 'exit', 'burst 100 1000']) {
        expectPlayed(await play(ourClient(api), server, generation, scenario), {});
        await server.alone();
        await expectNoneLeft(before);
      }
      await server.end('SIGTERM');
    });
  });
}
