// The suite over rxPoll over an epoll loop, in each of the ways to use one.

import { pollConformance } from '@coroipc/core/testing';
import { test } from 'vitest';
import { adapterOf, adapters } from './rx-cast.mjs';
import { descriptors, player } from './scenes.js';

for (const name of Object.keys(adapters)) {
  if (!/^rxjs\(epoll.*\) (plain|delay)$/.test(name)) continue;
  const scenario = player(name, 'main');
  pollConformance(name, () => adapterOf(name), { test }, { descriptors, scenario });
}
