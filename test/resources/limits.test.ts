// Each limit, reached by processes on every wire: who goes beyond is told so and counted, the others are
// served, and there is room again when somebody has gone.

import { connect as socketTo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freshName } from '../process/child.js';
import { eventually } from '../process/machine.js';
import { EVERY_WIRE } from '../process/wires.js';
import { Caller, connectOver, makeOver } from './caller.js';
import { expectRest } from './scarcity.js';
import { STARVING, StarvingServer } from './starving-server.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const NO_RESOURCES = { code: 'ERR_COROIPC_NO_RESOURCES' };
const TRY_AGAIN = { code: 'ERR_COROIPC_TRY_AGAIN' };
const TOO_BIG = { code: 'ERR_COROIPC_TOO_BIG' };
const OTHER = { uid: 64_322, gid: 64_322 };
const ECHO = { call: STARVING.ECHO };

describe('limits of a server', () => {
  it('maxConnections', async () => {
    const server = await StarvingServer.start({ limits: { maxConnections: 2 } });
    const client = new Caller(server);
    await client.does(connectOver('native'));
    for (const [index, over] of EVERY_WIRE.entries()) {
      await client.does(connectOver(over));
      expect(await client.fails(connectOver(over))).toMatchObject(NO_RESOURCES);
      expect(await client.does(ECHO)).toHaveLength(4);
      const counted = { connections: 2, refusedByLimits: index + 1, refused: 0 };
      expect(await server.stats()).toMatchObject(counted);
      await client.does('close');
      await server.settled(1);
    }
    await eventually(() => expect(server.log).toContain('refused: maxConnections (2) is reached'));
  });

  it('maxConnectionsPerUid', async () => {
    const server = await StarvingServer.start({ limits: { maxConnectionsPerUid: 1 } });
    const client = new Caller(server);
    const other = new Caller(server, { process: OTHER });
    for (const over of EVERY_WIRE) {
      await client.does(connectOver(over));
      expect(await client.fails(connectOver(over))).toMatchObject(NO_RESOURCES);
      await other.does(connectOver(over));
      expect(await other.fails(connectOver(over))).toMatchObject(NO_RESOURCES);
      expect(await other.does(ECHO)).toHaveLength(4);
      await client.does('close');
      await other.does('close');
      await server.settled(0);
    }
    expect(await server.stats()).toMatchObject({ connectionsTotal: 6, refusedByLimits: 6 });
    await eventually(() =>
      expect(server.log).toMatch(/uid 64322, .* refused: maxConnectionsPerUid \(1\) is reached/),
    );
  });

  it('maxBytesPerConnection, of rings and of zero-copy buffers', async () => {
    const limits = { maxBytesPerConnection: 4 * MIB };
    const server = await StarvingServer.start({ limits });
    const client = new Caller(server);
    for (const over of EVERY_WIRE) {
      expect(await client.fails(connectOver(over, 1500 * KIB))).toMatchObject(TOO_BIG);
      await client.does(connectOver(over));
      expect(await client.fails(makeOver(over, 4 * MIB))).toMatchObject(NO_RESOURCES);
      await client.does(makeOver(over, 3 * MIB));
      // What was freed counts no more.
      await client.does(makeOver(over, 3 * MIB));
      expect(await client.does(ECHO)).toHaveLength(4);
    }
    expect(await server.stats()).toMatchObject({ refusedByLimits: 3 });
    await eventually(() =>
      expect(server.log).toMatch(/asks for \d+ bytes, maxBytesPerConnection is 4194304/),
    );
  });

  it('maxZeroCopyBuffers and maxBufferBytes', async () => {
    const limits = { maxZeroCopyBuffers: 1, maxBufferBytes: MIB };
    const server = await StarvingServer.start({ limits });
    const client = new Caller(server);
    for (const over of EVERY_WIRE) {
      await client.does(connectOver(over));
      await client.does(makeOver(over, 1000));
      // A classic server has no way to say why.
      const refused = over === 'native' ? TOO_BIG : NO_RESOURCES;
      expect(await client.fails(makeOver(over, 2 * MIB))).toMatchObject(refused);
      expect(await client.fails(connectOver(over, 2 * MIB))).toMatchObject(TOO_BIG);
      expect(await client.does(ECHO)).toHaveLength(4);
    }
  });

  it('maxHandshakes and handshakeTimeoutMs', async () => {
    const name = `/tmp/${freshName()}.sock`;
    const limits = { maxHandshakes: 3, handshakeTimeoutMs: 3000 };
    const server = await StarvingServer.start({ name, limits });
    const client = new Caller(server);
    await client.does(connectOver('native'));
    let ended = 0;
    for (let half = 0; half < 3; half++) {
      const socket = socketTo(name);
      onTestFinished(() => void socket.destroy());
      socket.on('error', () => {});
      socket.on('close', () => {
        ended += 1;
      });
      await new Promise((resolve) => socket.once('connect', resolve));
    }
    // One more of the same user ends the oldest: who does finish gets in, on every wire.
    for (const over of EVERY_WIRE) await client.does(connectOver(over));
    expect(await client.does(ECHO)).toHaveLength(4);
    await eventually(() => expect(ended).toBe(1));
    await eventually(() => expect(server.log).toContain('its user has too many'));
    await expectRest(server.pid);
    await eventually(() => expect(ended).toBe(3));
    expect(await server.stats()).toMatchObject({ failedHandshakes: 3, handshakeTimeouts: 2 });
  });
});

describe('limits of a client', () => {
  it('maxWaiting and maxWaitingBytes', async () => {
    const server = await StarvingServer.start();
    const client = new Caller(server);
    for (const over of EVERY_WIRE) {
      for (const limits of [{ maxWaiting: 0 }, { maxWaiting: 9, maxWaitingBytes: 99 }]) {
        await client.does(connectOver(over, 8192, { maxInFlight: 1, ...limits }));
        const told = await client.does({ silence: STARVING.SILENCE, times: 5, bytes: 50 });
        const waiting = limits.maxWaiting === 0 ? 0 : 1;
        const rejected = 4 - waiting;
        const codes = Array(rejected).fill(TRY_AGAIN.code);
        expect(told).toMatchObject({ stats: { inFlight: 1, waiting, rejected }, codes });
        await client.does('close');
      }
    }
    await client.does(connectOver('native'));
    expect(await client.does(ECHO)).toHaveLength(4);
  });

  it('maxZeroCopyBuffers and maxBufferBytes', async () => {
    const server = await StarvingServer.start();
    const client = new Caller(server);
    const made = async (limits: Record<string, number>) => {
      await client.does(connectOver('native', 8192, limits));
      return client.does({ call: STARVING.MAKE_BUFFER });
    };
    expect(await made({})).toBe('made');
    expect(await made({ maxZeroCopyBuffers: 0 })).toBe(NO_RESOURCES.code);
    expect(await made({ maxBufferBytes: 4096 })).toBe(TOO_BIG.code);
    expect(await client.does(ECHO)).toHaveLength(4);
  });
});
