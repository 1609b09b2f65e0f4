// The suite over rxPoll: over every source but the epoll loops, which have a file of their own, and
// through operators that let a readiness out at once, at the end of the call-back, and in later turns.

import { pollConformance } from '@coroipc/core/testing';
import { test } from 'vitest';
import { adapterOf } from './rx-cast.mjs';
import { descriptors, player } from './scenes.js';

const SOURCES: Readonly<Record<string, readonly string[]>> = {
  libuv: ['plain', 'asap', 'async', 'delay'],
  thread: ['plain', 'asap', 'async', 'delay'],
  hand: ['plain', 'asap', 'async', 'delay'],
  'custom loop': ['plain'],
};

for (const [source, operators] of Object.entries(SOURCES)) {
  for (const operator of operators) {
    const name = `rxjs(${source}) ${operator}`;
    pollConformance(
      name,
      () => adapterOf(name),
      { test },
      { descriptors, scenario: player(name, 'main') },
    );
  }
}
