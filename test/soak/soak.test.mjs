// A short soak, as npm run soak has it.
import { describe, expect, it } from 'vitest';
import { runNode } from '../../scripts/run.mjs';

// Ends what hangs; the soak itself notices before.
const LIMIT_MS = 500_000;

describe('a short soak', () => {
  it.each([
    { wire: 'native', messages: 3_000_000 },
    { wire: 'classic', messages: 400_000 },
  ])(
    'loses, doubles and changes nothing over the $wire wire',
    async ({ wire, messages }) => {
      const args = ['scripts/soak.mjs', '--wire', wire, '--messages', String(messages)];
      const options = { out: 'text', errors: 'text', limitMs: LIMIT_MS };
      const { code, out, errors } = await runNode(args, options);
      expect(`${errors}${out}`.trimEnd()).toMatch(
        /; 0 lost, 0 doubled, 0 out of order, 0 changed$/,
      );
      expect(code).toBe(0);
    },
    LIMIT_MS,
  );
});
