// A client that is stopped: its ring is full, and on the classic wire its socket too. Whatever the
// policy, the server rests, serves the others, and goes on where it was when the client does.

import { readFileSync } from 'node:fs';
import type { OverflowPolicy } from '@coroipc/core';
import { describe, expect, it } from 'vitest';
import { eventually } from '../process/machine.js';
import { EVERY_WIRE } from '../process/wires.js';
import { Caller, connectOver, type Order } from './caller.js';
import { expectRest } from './scarcity.js';
import { STARVING, StarvingServer } from './starving-server.js';

const ECHO = { call: STARVING.ECHO };
/** More than a small ring and the queue hold; each takes 24 bytes of header and a few more. */
const MANY = 3000;
const FEW = 10_000;
const POLICIES: readonly OverflowPolicy[] = ['queue', 'drop-oldest', 'reject', 'disconnect'];

const stateOf = (pid: number): string | undefined =>
  /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];

// One that is stopped before the messages are sent to it.
async function stopped(server: StarvingServer, connect: Order): Promise<Caller> {
  const slow = new Caller(server);
  await slow.does(connect);
  await slow.does({ call: STARVING.POUR });
  slow.child.kill('SIGSTOP');
  await eventually(() => expect(stateOf(slow.pid)).toBe('T'));
  await server.order({ pour: MANY });
  return slow;
}

describe('a full ring', () => {
  it.each(POLICIES)('%s', async (overflow) => {
    const limits = { maxQueueBytes: FEW };
    const server = await StarvingServer.start({ limits, overflow });
    const other = new Caller(server);
    await other.does(connectOver('native'));
    const slow: Caller[] = [];
    for (const over of EVERY_WIRE) slow.push(await stopped(server, connectOver(over)));
    const taken = server.child.values('dispatched') as number[];
    await expectRest(server.pid);
    expect(await other.does(ECHO)).toHaveLength(4);
    const stats = await server.stats();
    if (overflow === 'queue' || overflow === 'reject') {
      expect(stats['rejected']).toBe(EVERY_WIRE.length * MANY - taken.reduce((a, b) => a + b));
    }
    if (overflow === 'drop-oldest') {
      expect(taken).toEqual(EVERY_WIRE.map(() => MANY));
      expect(stats['dropped']).toBeGreaterThan(0);
    }
    if (overflow === 'disconnect') {
      expect(stats).toMatchObject({ connections: 1, overflows: EVERY_WIRE.length });
    } else {
      expect(stats).toMatchObject({ connections: 1 + EVERY_WIRE.length, overflows: 0 });
    }
    for (const one of slow) one.child.kill('SIGCONT');
    if (overflow === 'disconnect') return;
    const dropped = stats['dropped'] ?? 0;
    const wanted = taken.reduce((a, b) => a + b) - dropped;
    await eventually(async () => {
      const got = await Promise.all(slow.map((one) => one.does('received') as Promise<number>));
      expect(got.reduce((a, b) => a + b)).toBe(wanted);
    });
    for (const one of slow) expect(await one.does(ECHO)).toHaveLength(4);
  });
});

describe('a full socket', () => {
  it('of a classic client is written to again when there is room', async () => {
    const server = await StarvingServer.start();
    const slow: Caller[] = [];
    for (const over of ['classic 1.2', 'classic 1.4'] as const) {
      slow.push(await stopped(server, connectOver(over, 1024 * 1024)));
    }
    expect(server.child.values('dispatched')).toEqual([MANY, MANY]);
    await expectRest(server.pid);
    expect((await server.stats())['sendRetryCount']).toBeGreaterThanOrEqual(slow.length);
    for (const one of slow) one.child.kill('SIGCONT');
    for (const one of slow) {
      await eventually(async () => expect(await one.does('received')).toBe(MANY));
    }
  });
});
