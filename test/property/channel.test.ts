// Both ends of a native connection, of any geometry, against a model of three queues: every step's
// outcome, the content and the order of what arrives, and who has to be woken.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { steps } from './commands.js';
import { directSteps, tally } from './direct.js';
import { endsOf, type Geometry } from './ends.js';
import { Channel } from './model.js';

const RUNS = 300;
const STEPS = 1500;

const ring = fc.constantFrom(4096, 8192, 16384);
const geometries: fc.Arbitrary<Geometry> = fc.record({
  requestRing: ring,
  responseRing: ring,
  dispatchRing: ring,
  inFlight: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 100 })),
});

describe('both ends of a native connection', () => {
  it('agree with three queues, whatever their steps', () => {
    fc.assert(
      fc.property(
        geometries,
        fc.commands(steps, { maxCommands: STEPS, size: 'max' }),
        (geometry, commands) => {
          const real = endsOf(geometry);
          try {
            fc.modelRun(() => ({ model: new Channel(geometry), real }), commands);
          } finally {
            real.close();
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('agree with them where JavaScript goes past the core, too', () => {
    fc.assert(
      fc.property(
        geometries,
        fc.commands([...steps, ...directSteps], { maxCommands: STEPS, size: 'max' }),
        (geometry, commands) => {
          const real = endsOf(geometry);
          try {
            fc.modelRun(() => ({ model: new Channel(geometry), real }), commands);
          } finally {
            real.close();
          }
        },
      ),
      { numRuns: RUNS },
    );
    // All that may be left to the core might be.
    for (const name of ['send', 'take', 'respond', 'dispatch', 'answers'])
      expect(tally.get(name)?.done, name).toBeGreaterThan(100);
  });
});
