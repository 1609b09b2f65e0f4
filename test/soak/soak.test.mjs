// Short soaks, as npm run soak has it; each has a geometry of its own.
import { describe, expect, it } from 'vitest';
import { runNode } from '../../scripts/run.mjs';

// Ends what hangs; the soak itself notices before.
const LIMIT_MS = 200_000;
const SECONDS = 15;

describe('a short soak', () => {
  it.each([
    { time: 'first', wire: 'native', messages: 3_000_000 },
    { time: 'second', wire: 'native', messages: 3_000_000 },
    { time: 'third', wire: 'native', messages: 3_000_000 },
    { time: 'first', wire: 'classic', messages: 400_000 },
  ])(
    'loses, doubles and changes nothing over the $wire wire, for the $time time',
    async ({ wire, messages }) => {
      const limits = ['--messages', String(messages), '--seconds', String(SECONDS)];
      const { code, out, errors } = await runNode(['scripts/soak.mjs', '--wire', wire, ...limits], {
        out: 'text',
        errors: 'text',
        limitMs: LIMIT_MS,
      });
      expect(`${errors}${out}`.trimEnd()).toMatch(
        /; 0 lost, 0 doubled, 0 out of order, 0 changed$/,
      );
      expect(code).toBe(0);
    },
    LIMIT_MS,
  );
});
