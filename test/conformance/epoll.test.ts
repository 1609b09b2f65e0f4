// The suite over an epoll loop in each of the four ways to use one.

import type { PollAdapter } from '@coroipc/core';
import { pollConformance } from '@coroipc/core/testing';
import { test } from 'vitest';
import { descriptors, player } from './scenes.js';

const { epolls } = (await import('./epolls.mjs' as string)) as {
  epolls: Record<string, () => PollAdapter>;
};

for (const [name, make] of Object.entries(epolls)) {
  pollConformance(name, make, { test }, { descriptors, scenario: player(name, 'main') });
}
