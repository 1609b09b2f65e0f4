// The suite over an epoll loop in each of the four ways to use one.

import type { EpollLoop } from '@coroipc/adapter-epoll';
import type { PollAdapter } from '@coroipc/core';
import { pollConformance } from '@coroipc/core/testing';
import { test } from 'vitest';
import { adapterOf } from './cast.mjs';
import { descriptors, player } from './scenes.js';

for (const name of ['epoll run', 'epoll step', 'epoll nested', 'epoll thread']) {
  pollConformance(
    name,
    () => adapterOf(name),
    { test },
    { descriptors, scenario: player(name, 'main') },
  );
}

// The suite waits by the loop's own timers: those are timers, too.
function sleepInLoop(ms: number, adapter: PollAdapter): Promise<void> {
  const { loop } = adapter as PollAdapter & { readonly loop: EpollLoop };
  return new Promise((resolve) => {
    const timer = loop.timer({ afterMs: ms }, () => {
      timer.close();
      resolve();
    });
  });
}

pollConformance(
  'epoll run, timed by itself',
  () => adapterOf('epoll run'),
  { test },
  { descriptors, sleep: sleepInLoop },
);
