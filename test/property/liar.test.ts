// A peer that writes anything into its memory, at any time, while this side's JavaScript reads there
// past the core: it takes what lies within bounds or nothing, and what it leaves to the core is a
// message, nothing, or a breach.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientRings } from '../../packages/core/src/rings/client-rings.js';
import { ServerRings } from '../../packages/core/src/rings/server-rings.js';
import { CLIENT, type Ends, endsOf, SERVER } from './ends.js';

const RUNS = 2000;
const RING = 4096;
const GEOMETRY = { requestRing: RING, responseRing: RING, dispatchRing: RING, inFlight: 4 };
/** The most bytes of a message that JavaScript takes by itself. */
const MOST = 512;

const value = fc.oneof(
  fc.constantFrom(0, 1, -1, 7, 8, 15, 16, 17, 24, 40, 0x7fffffff, -0x80000000, RING, RING + 8),
  fc.integer({ min: 0, max: 600 }),
  fc.integer(),
);
const words = (controlBytes: number) => {
  const first = controlBytes / 4;
  return fc.oneof(
    // The control words, a line each; the head of the first records; anywhere in the ring.
    fc.constantFrom(0, 1, 16, 17, 32, 33),
    fc.integer({ min: first, max: first + 16 }),
    fc.integer({ min: first, max: first + RING / 2 - 1 }),
  );
};
type Lie = { readonly at: number; readonly is: number };
const step = (controlBytes: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ at: words(controlBytes), is: value }) },
    { weight: 1, arbitrary: fc.constant('honest' as const) },
    { weight: 2, arbitrary: fc.constant('look' as const) },
  );

const payload = Buffer.alloc(40, 0x5a);

function request(): Buffer {
  const message = Buffer.alloc(16 + payload.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(3, 8);
  message.set(payload, 16);
  return message;
}

function response(): Buffer {
  const message = Buffer.alloc(24 + payload.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(3, 8);
  message.set(payload, 24);
  return message;
}

const steps = fc.array(step(4096), { minLength: 1, maxLength: 60 });

function lying(run: (ends: Ends, plan: readonly (Lie | 'honest' | 'look')[]) => void): void {
  fc.assert(
    fc.property(steps, (plan) => {
      const ends = endsOf(GEOMETRY);
      try {
        run(ends, plan);
      } finally {
        ends.close();
      }
    }),
    { numRuns: RUNS },
  );
}

describe('past the core', () => {
  it('a server takes nothing but requests, whatever its client writes', () => {
    let taken = 0;
    lying((ends, plan) => {
      const liar = new Int32Array(ends.rings(CLIENT).ours);
      const slot = { token: 0, requestId: 0, offset: -1 };
      const server = new ServerRings(ends.rings(SERVER), () => undefined);
      for (const each of plan) {
        if (each === 'honest') {
          ends.send(request());
          continue;
        }
        if (each !== 'look') {
          liar[each.at] = each.is;
          continue;
        }
        const size = server.take(slot);
        expect(size).toBeGreaterThanOrEqual(0);
        expect(size).toBeLessThanOrEqual(MOST);
        if (size === 0) continue;
        taken += 1;
        expect(slot.offset).toBeGreaterThanOrEqual(0);
        server.respond(ends.state().unanswered, 3, 0, payload);
        server.dispatch(3, payload);
      }
      ends.request();
    });
    expect(taken).toBeGreaterThan(100);
  });

  it('a client takes nothing but answers, whatever its server writes', () => {
    let taken = 0;
    lying((ends, plan) => {
      const liar = new Int32Array(ends.rings(SERVER).ours);
      const client = new ClientRings(ends.rings(CLIENT), () => undefined);
      for (const each of plan) {
        if (each === 'honest') {
          const sent = client.send(3, payload);
          const found = ends.request();
          if (sent === 0 || found === undefined || found === 'breach') continue;
          ends.requestDone();
          ends.respond(found.sequence, response());
          continue;
        }
        if (each !== 'look') {
          liar[each.at] = each.is;
          continue;
        }
        const all = client.answers((_token, _status, bytes) => {
          taken += 1;
          expect(bytes.length).toBeLessThanOrEqual(MOST);
        });
        // Who waits for what he does not see, and the core does, would never sleep.
        if (all) expect(ends.state().responseReady).toBe(false);
        if (ends.state().sent > 0) continue;
        if (client.exchange(3, payload) >= 0) expect(client.answerBytes).toBeLessThanOrEqual(MOST);
      }
      ends.response();
    });
    expect(taken).toBeGreaterThan(100);
  });
});
