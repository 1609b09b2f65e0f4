// The loop of examples/custom-loop, which is what docs/writing-an-adapter.md promises of it.

import { readFileSync } from 'node:fs';
import { pollConformance } from '@coroipc/core/testing';
import { expect, test } from 'vitest';
import { adapterOf } from './cast.mjs';
import { descriptors, player } from './scenes.js';

pollConformance(
  'custom loop',
  () => adapterOf('custom-loop'),
  { test },
  { descriptors, scenario: player('custom-loop', 'main') },
);

test('custom loop: it is what it claims to be, under 80 lines and over poll() only', () => {
  const source = readFileSync(
    new URL('../../examples/custom-loop/poll-loop.mjs', import.meta.url),
    'utf8',
  );
  expect(source.trimEnd().split('\n').length).toBeLessThan(80);
  const imports = source.match(/^import .*$/gm);
  expect(imports).toEqual([
    "import { POLLERR, POLLHUP, POLLIN, POLLNVAL, poll } from '@coroipc/core';",
  ]);
});
