// A short soak of a crowd, as npm run soak has it.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { at, runNode } from '../../../scripts/run.mjs';

// Ends what hangs; the soak itself notices before.
const LIMIT_MS = 400_000;

describe('a short soak of a crowd', () => {
  it(
    'loses and doubles nothing, and leaves nothing, whoever is killed, stopped or hostile',
    async () => {
      const args = ['scripts/soak.mjs', '--minutes', '0.25', '--clients', '40', '--seed', '7'];
      const { code, out } = await runNode(args, { out: 'text', limitMs: LIMIT_MS });
      expect(out.trimEnd()).toMatch(/\n0 lost, 0 doubled, 0 out of order, 0 changed; 0 problems$/);
      expect(code).toBe(0);
      const result = JSON.parse(readFileSync(at('build/soak/crowd.json'), 'utf8'));
      expect(result.kills).toBeGreaterThan(0);
      expect(result.stops).toBeGreaterThan(0);
      expect(result.crowd.lived).toBeGreaterThan(0);
      expect(result.samples.length).toBeGreaterThan(5);
      expect(readFileSync(at('build/soak/crowd.svg'), 'utf8')).toMatch(/^<svg/);
    },
    LIMIT_MS,
  );
});
