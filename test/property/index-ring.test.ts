// The arithmetic of the classic wire's dispatch ring against a queue of sizes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addon } from './ends.js';

const RUNS = 150;

// What the two generations keep free, and what they pad messages to.
const kinds = fc.constantFrom({ reserve: 1, alignment: 1 }, { reserve: 9, alignment: 8 });

/** So much of what may be written now, or a byte more; or take the oldest. */
const steps = fc.array(
  fc.oneof(
    fc.record({ put: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ beyond: fc.integer({ min: -9, max: 9 }) }),
    fc.constant('take' as const),
  ),
  { maxLength: 400, size: 'max' },
);

describe('the index ring', () => {
  it('agrees with a queue of sizes', () => {
    const property = fc.property(
      fc.integer({ min: 8, max: 600 }),
      kinds,
      steps,
      (units, kind, all) => {
        const { reserve, alignment } = kind;
        const size = units * 8;
        const padded = (bytes: number) => Math.ceil(bytes / alignment) * alignment;
        const held: number[] = [];
        let read = 0;
        let write = 0;
        for (const step of all) {
          const used = held.reduce((sum, bytes) => sum + bytes, 0);
          const usable = Math.max(0, size - used - reserve);
          const bytes =
            step === 'take'
              ? (held[0] ?? 0)
              : 'put' in step
                ? Math.floor((usable * step.put) / 100)
                : Math.max(0, usable + step.beyond);
          const now = addon.indexRing(size, reserve, alignment, read, write, Math.min(bytes, size));
          expect(now).toMatchObject({ valid: true, used, usable, largest: size - reserve });
          if (step === 'take') {
            if (held.shift() === undefined) continue;
            read = addon.indexRing(size, reserve, alignment, 0, read, bytes).after;
          } else if (bytes <= usable) {
            held.push(padded(bytes));
            write = now.after;
          }
          // Full and empty never look alike.
          expect(read === write).toBe(held.every((each) => each === 0));
        }
      },
    );
    fc.assert(property, { numRuns: RUNS });
  });
});
