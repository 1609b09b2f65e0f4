// The adapters under test by name, and the descriptors they are tested with: for the processes and
// workers that the tests start.
import { createRequire } from 'node:module';
import { libuvPoll } from '@coroipc/adapter-libuv';
import { threadPoll } from '@coroipc/core';
import { turnedPoll } from '@coroipc/core/testing';
import { PollLoop } from '../../examples/custom-loop/poll-loop.mjs';
import { driven } from './driven.mjs';
import { epolls } from './epolls.mjs';
import { spuriousPoll } from './spurious.mjs';

export const adapters = {
  libuv: libuvPoll,
  thread: threadPoll,
  hand: turnedPoll,
  ...epolls,
  'custom loop': () => driven(new PollLoop(), (loop) => loop.run()),
  spurious: spuriousPoll,
};

/** Makes the one of `all` that has this name. */
export function makeOne(all, name) {
  if (!Object.hasOwn(all, name)) throw new RangeError(`no adapter is called ${name}`);
  return all[name]();
}

export const adapterOf = (name) => makeOne(adapters, name);

/** Makes any of them, and loads RxJS only for those over it: that takes as long as to start Node. */
export async function anyAdapterOf(name) {
  if (!name.startsWith('rxjs(')) return adapterOf(name);
  const cast = await import('./rx-cast.mjs');
  return cast.adapterOf(name);
}

export const descriptors = createRequire(import.meta.url)(
  '../../build/Release/coroipc_test_descriptors.node',
);
