// Two programs at the ends of a native connection, in any interleaving of their steps: all arrives,
// none sleeps for ever, and one whose peer stands still goes to sleep.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT, endsOf, SERVER, type Side } from './ends.js';
import { type Bells, clientHost, type Host, serverHost } from './hosts.js';

const RUNS = 800;
// More than all the work takes, or either can take while the other stands still.
const ENOUGH_STEPS = 4000;

const bodies = fc.array(fc.oneof(fc.nat(100), fc.nat(4000)), { maxLength: 40, size: 'max' });
const turns = fc.array(
  fc.record({
    side: fc.constantFrom<Side>(CLIENT, SERVER),
    steps: fc.integer({ min: 1, max: 40 }),
  }),
  { maxLength: 200, size: 'max' },
);

class Play {
  readonly #hosts: readonly [Host, Host];
  readonly #asleep = [false, false];
  readonly #over = [false, false];

  constructor(client: Host, server: Host) {
    this.#hosts = [client, server];
  }

  step(side: Side): void {
    const { value, done = false } = this.#hosts[side].next();
    this.#asleep[side] = value === 'asleep';
    this.#over[side] = done;
  }

  /** Whether it has nothing to do until it is told something. */
  rests(side: Side): boolean {
    return this.#asleep[side] === true || this.over(side);
  }

  over(side: Side): boolean {
    return this.#over[side] === true;
  }
}

describe('two programs at the ends of a native connection', () => {
  it('get everything to each other, asleep or awake', () => {
    const property = fc.property(
      fc.record({ requests: bodies, messages: bodies }),
      fc.integer({ min: 1, max: 20 }),
      turns,
      fc.constantFrom<Side>(CLIENT, SERVER),
      (work, inFlight, order, alone) => {
        const geometry = { requestRing: 4096, responseRing: 4096, dispatchRing: 8192, inFlight };
        const ends = endsOf(geometry);
        const bells: Bells = [0, 0];
        const play = new Play(clientHost(ends, bells, work), serverHost(ends, bells, work));
        try {
          for (const { side, steps } of order) {
            for (let left = steps; left > 0; left--) play.step(side);
          }
          for (let left = ENOUGH_STEPS; left > 0; left--) play.step(alone);
          expect(play.rests(alone)).toBe(true);
          for (let left = ENOUGH_STEPS; left > 0; left--) {
            play.step(CLIENT);
            play.step(SERVER);
          }
          expect([play.over(CLIENT), play.over(SERVER)]).toEqual([true, true]);
        } finally {
          ends.close();
        }
      },
    );
    fc.assert(property, { numRuns: RUNS });
  });
});
