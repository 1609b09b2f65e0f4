// Our server with C clients of both generations: it tells them apart by their setup.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectNoneLeft, sharedFiles } from '../process/machine.js';
import { classicPeers, GENERATIONS, ourServer, play, ServerProcess } from './peers.js';
import { BURSTS, CALLS, expectPlayed, readingBy } from './scenarios.js';

const { client } = classicPeers();
const CLIENTS_AT_ONCE = 12;

let server: ServerProcess;
let before: string[];

const startServer = async () => {
  server = await ServerProcess.start(ourServer);
};

const checkBefore = () => {
  before = sharedFiles();
  expect(server.running, server.errors).toBe(true);
};

/** The server lost nobody and nothing, and ends by itself when it is closed. */
const endServer = async () => {
  expect(await server.end('SIGTERM'), server.errors).toBe(0);
  expect(server.errors).toBe('');
};

const checkBetween = async () => {
  await server.alone();
  await expectNoneLeft(before);
};

describe.each(GENERATIONS)('C clients of generation %s on our server', (generation) => {
  beforeAll(startServer);
  beforeEach(checkBefore);
  afterEach(checkBetween);
  afterAll(endServer);

  it.each(CALLS)('calls: $play $flags', async ({ play: scenario, calls, flags }) => {
    expectPlayed(await play(client, server, generation, scenario, flags), { calls });
  });

  it.each(BURSTS)('$play $flags', async (scenario) => {
    const { dispatches } = scenario;
    for (const reader of ['get', 'fd'] as const) {
      const flags = readingBy(scenario, reader);
      const ended = await play(client, server, generation, scenario.play, flags);
      expectPlayed(ended, { dispatches, calls: 1 });
    }
  });

  it('shows flow control to a client that is behind, and takes it back', async () => {
    const ended = await play(client, server, generation, 'burst 400 4001 200', { dispatch: 8192 });
    expectPlayed(ended, { dispatches: 400 });
    expect(ended.report?.flowControlled).toBe(true);
  });

  it('sends the events that the original servers send', async () => {
    const flags = { dispatch: 4096 };
    const ended = await play(client, server, generation, 'trace', flags);
    // Our server also looks by itself whether there is room, so the last of the three flushes that
    // the client asks for may be what finds the queue empty, or all three of them.
    const expected =
      generation === '1.2'
        ? { events: expect.stringMatching(/^0{8}21{4}3{2,3}$/), status: 1904 }
        : { events: expect.stringMatching(/^1{8}0{4}$/), status: 1952, flowControlled: true };
    expectPlayed(ended, { dispatches: 12, ...expected });
  });

  it.each([24, 777, 100_001])('calls between dispatch messages of %i bytes', async (size) => {
    const ended = await play(client, server, generation, `both 100 ${size}`);
    expectPlayed(ended, { calls: 200, dispatches: 300 });
  });

  it.each([0, 1, 100_001, 1_048_552])('zero-copy with %i bytes', async (size) => {
    expectPlayed(await play(client, server, generation, `zcb ${size}`), { calls: 3 });
  });

  it('answers with the status of the handler, late or at once', async () => {
    const found = async (scenario: string) =>
      (await play(client, server, generation, scenario)).report?.status;
    expect(await found('status 14')).toBe(14);
    expect(await found('status 26')).toBe(26);
    expect(await found('try-again')).toBe(6);
    expect(await found('late 150')).toBe(1);
  });

  it('refuses with the status of the refusal', async () => {
    const found = async (service: number) =>
      (await play(client, server, generation, 'refused', { service })).report?.status;
    expect(await found(77)).toBe(100);
    expect(await found(5)).toBe(12);
    expect(await found(-1)).toBe(12);
    expect(await found(65_536)).toBe(12);
    expect(await found(0x7fffffff)).toBe(12);
  });

  it('says so when an answer is too large for the client', async () => {
    const flags = { response: 4096 };
    const ended = await play(client, server, generation, 'overflow 4073', flags);
    expectPlayed(ended, { calls: 1, status: 26 });
  });

  it('takes a setup that comes in pieces', async () => {
    expectPlayed(await play(client, server, generation, 'in-pieces'), { calls: 10 });
  });

  it('notices a client that just ends', async () => {
    expectPlayed(await play(client, server, generation, 'leave'), { calls: 0 });
    expectPlayed(await play(client, server, generation, 'exit'), { calls: 1 });
  });

  it('survives clients killed in the middle of a burst', async () => {
    for (let i = 0; i < 3; i++) {
      const killed = await play(client, server, generation, 'kill 4000 4001');
      expect(killed).toMatchObject({ signal: 'SIGKILL', report: undefined });
      expectPlayed(await play(client, server, generation, 'echo 100 10'), { calls: 10 });
    }
    await server.alone();
  });

  it('serves many clients at once', async () => {
    const plays = Array.from({ length: CLIENTS_AT_ONCE }, (_, i) =>
      i % 2 === 0
        ? play(client, server, generation, 'both 60 5001')
        : play(client, server, generation, 'burst 500 1001 100', { dispatch: 8192 }),
    );
    for (const ended of await Promise.all(plays)) expectPlayed(ended, {});
  });
});

describe('both generations on our server', () => {
  beforeAll(startServer);
  beforeEach(checkBefore);
  afterEach(checkBetween);
  afterAll(endServer);

  it('are served side by side', async () => {
    const plays = GENERATIONS.flatMap((generation) => [
      play(client, server, generation, 'both 100 3001'),
      play(client, server, generation, 'burst 800 2001 50', { dispatch: 8192 }),
      play(client, server, generation, 'in-pieces'),
    ]);
    for (const ended of await Promise.all(plays)) expectPlayed(ended, {});
  });
});

describe('our server goes away under C clients of 1.4', () => {
  // One of 1.2 has no way to notice: it waits for its answer for ever.
  it.each([
    ['SIGKILL', 'SIGKILL'],
    ['SIGTERM', 0],
  ] as const)('by %s: the blocked call ends', async (signal, code) => {
    before = sharedFiles();
    await startServer();
    const blocked = play(client, server, '1.4', 'late 600000');
    await server.said('connected 1');
    await sleep(200);
    expect(await server.end(signal), server.errors).toBe(code);
    expectPlayed(await blocked, { status: 2 });
    await expectNoneLeft(before);
  });

  it('by its own death in a handler', async () => {
    before = sharedFiles();
    await startServer();
    expectPlayed(await play(client, server, '1.4', 'die'), { status: 2 });
    expect(await server.end('SIGTERM')).toBe(9);
    await expectNoneLeft(before);
  });
});
