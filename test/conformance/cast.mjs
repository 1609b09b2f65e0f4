// The adapters under test by name, and the descriptors they are tested with: for the processes and
// workers that the tests start.
import { createRequire } from 'node:module';
import { libuvPoll } from '@coroipc/adapter-libuv';
import { threadPoll } from '@coroipc/core';
import { turnedPoll } from '@coroipc/core/testing';
import { PollLoop } from '../../examples/custom-loop/poll-loop.mjs';
import { driven } from './driven.mjs';
import { epolls } from './epolls.mjs';

export const adapters = {
  libuv: libuvPoll,
  thread: threadPoll,
  hand: turnedPoll,
  ...epolls,
  'custom loop': () => driven(new PollLoop(), (loop) => loop.run()),
};

export function adapterOf(name) {
  if (!Object.hasOwn(adapters, name)) throw new RangeError(`no adapter is called ${name}`);
  return adapters[name]();
}

export const descriptors = createRequire(import.meta.url)(
  '../../build/Release/coroipc_test_descriptors.node',
);
