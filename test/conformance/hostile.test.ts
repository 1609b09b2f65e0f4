// What the native adapters withstand, each in a process of its own.

import { expect, test } from 'vitest';
import { runScript } from './scenes.js';

const ACTS = {
  closeEarly: 'descriptors that are closed or replaced while they are watched',
  terminate: 'workers that are terminated in a call-back',
  sleepWhileHalfClosed: 'a peer that only stops sending does not keep the loop awake',
  collect: 'handles that nobody holds any more',
  leaveNothing: 'no thread and no descriptor stays',
};

const EPOLLS = ['epoll run', 'epoll step', 'epoll nested', 'epoll thread'];
const ADAPTERS = ['libuv', 'thread', ...EPOLLS, 'rxjs(libuv) plain', 'rxjs(thread) delay'];

for (const adapter of ADAPTERS) {
  for (const [act, shows] of Object.entries(ACTS)) {
    // Who makes steps makes them all the time, whatever there is to do.
    if (adapter === 'epoll step' && act === 'sleepWhileHalfClosed') continue;
    test(`${adapter}: ${shows}`, async () => {
      const outcome = await runScript('hostile.mjs', adapter, act);
      expect(outcome).toEqual({ exitCode: 0, output: 'done\n' });
    });
  }
}
