// The adapters under test by name, and the descriptors they are tested with: for the processes and
// workers that the tests start.
import { createRequire } from 'node:module';
import { libuvPoll } from '@coroipc/adapter-libuv';
import { rxPoll } from '@coroipc/adapter-rxjs';
import { threadPoll } from '@coroipc/core';
import { turnedPoll } from '@coroipc/core/testing';
import { asapScheduler, asyncScheduler, delay, observeOn } from 'rxjs';
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

/** What the readiness of an rxPoll goes through, by name. */
export const operators = {
  plain: undefined,
  asap: observeOn(asapScheduler),
  async: observeOn(asyncScheduler),
  delay: delay(2),
};

for (const [source, makeSource] of Object.entries({ ...adapters })) {
  for (const [words, operator] of Object.entries(operators)) {
    const options = operator === undefined ? {} : { operator };
    adapters[`rxjs(${source}) ${words}`] = () => rxPoll({ source: makeSource(), ...options });
  }
}

export const descriptors = createRequire(import.meta.url)(
  '../../build/Release/coroipc_test_descriptors.node',
);
