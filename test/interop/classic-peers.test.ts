// The testers, tested: the C client against the C server, both generations. What works between
// the original libraries works here, and what stalls between them stalls.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectNoneLeft, sharedFiles } from '../process/machine.js';
import { classicPeers, GENERATIONS, play, ServerProcess } from './peers.js';
import { BURSTS, CALLS, expectPlayed } from './scenarios.js';

const { client, server } = classicPeers();

describe.each(GENERATIONS)('C against C, generation %s', (generation) => {
  let running: ServerProcess;
  let before: string[];
  beforeAll(async () => {
    running = await ServerProcess.start(server, generation);
  });
  beforeEach(() => {
    before = sharedFiles();
    expect(running.running, running.errors).toBe(true);
  });
  afterEach(async () => {
    await running.alone();
    await expectNoneLeft(before);
  });
  afterAll(async () => {
    expect(await running.end('SIGTERM')).toBe('SIGTERM');
  });

  it('makes calls of every size', async () => {
    for (const { play: scenario, calls, flags } of CALLS) {
      expectPlayed(await play(client, running, generation, scenario, flags), { calls });
    }
  });

  it('delivers bursts beyond the ring', async () => {
    for (const { play: scenario, dispatches, flags, aboveHalf, fills } of BURSTS) {
      if (aboveHalf || (fills && generation === '1.2')) continue;
      expectPlayed(await play(client, running, generation, scenario, flags), { dispatches });
    }
  });

  it('mixes calls and dispatch messages', async () => {
    const expected = { calls: 200, dispatches: 300 };
    for (const size of [777, 24_000]) {
      const ended = await play(client, running, generation, `both 100 ${size}`);
      expectPlayed(ended, expected);
    }
  });

  it('sends the events that the original servers were seen to send', async () => {
    const flags = { dispatch: 4096 };
    const { report } = await play(client, running, generation, 'trace', flags);
    const expected =
      generation === '1.2'
        ? { events: '000000002111133', status: 1904 }
        : { events: '111111110000', status: 1952, flowControlled: true };
    expect(report).toMatchObject({ ok: true, dispatches: 12, ...expected });
  });

  it('stalls where the original libraries do', async () => {
    const flags = { reader: 'fd', stall: 1000 } as const;
    const ended = await play(client, running, generation, 'burst 12 600000 50000', flags);
    expect(ended.report?.why).toMatch(/^stalled after [1-9]\d* of 12 messages$/);
    expect(ended.code).toBe(1);
  });

  it('serves zero-copy buffers', async () => {
    expectPlayed(await play(client, running, generation, 'zcb 0'), { calls: 3 });
    expectPlayed(await play(client, running, generation, 'zcb 100001'), { calls: 3 });
  });

  it('reports statuses', async () => {
    const found = async (scenario: string, service = 0) =>
      (await play(client, running, generation, scenario, { service })).report?.status;
    expect(await found('status 14')).toBe(14);
    expect(await found('try-again')).toBe(6);
    expect(await found('late 100')).toBe(1);
    expect(await found('refused', 5)).toBe(12);
    expect(await found('refused', 77)).toBe(100);
    expect((await play(client, 'nobody-is-here', generation, 'refused')).report?.status).toBe(6);
  });

  it('takes a setup in pieces, an exit and a kill', async () => {
    expectPlayed(await play(client, running, generation, 'in-pieces'), { calls: 10 });
    expectPlayed(await play(client, running, generation, 'leave'), { calls: 0 });
    expectPlayed(await play(client, running, generation, 'exit'), { calls: 1 });
    const killed = await play(client, running, generation, 'kill 3000 1001');
    expect(killed).toMatchObject({ signal: 'SIGKILL', report: undefined });
    await running.alone();
    expectPlayed(await play(client, running, generation, 'echo 8 8'), { calls: 8 });
  });
});

describe('a C server that dies', () => {
  it('is noticed by a client of 1.4 (one of 1.2 would wait for ever)', async () => {
    const running = await ServerProcess.start(server, '1.4');
    const ended = await play(client, running, '1.4', 'die');
    expectPlayed(ended, { calls: 1, status: 2 });
    expect(await running.end('SIGTERM')).toBe(9);
  });
});
