// What a runtime's garbage collector, its finalizers and its threads could do to memory that is
// shared or watched.

import assert from 'node:assert/strict';
import { threadPoll } from '@coroipc/core';
import { descriptors } from './adapters.mjs';
import { Child } from './child.mjs';
import { sleep } from './tell.mjs';

// Blocks this thread, so that other threads' news for it pile up.
const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

async function lastWatches(_argument, { say }) {
  const [near, far] = descriptors.socketPair();
  descriptors.write(far, Uint8Array.of(1));
  let calls = 0;
  for (let round = 0; round < 300; round++) {
    const watch = threadPoll().pollDispatchAdd(near, () => calls++);
    pause(1);
    watch.destroy();
    if (round % 10 === 0) await sleep(0);
  }
  await sleep(20);
  assert.equal(calls, 0);
  say('survived');
}

export const tasks = { lastWatches };

const survives = (name) => async () => {
  const child = Child.start(import.meta.url, name);
  await child.endsWith(0);
  assert.equal(child.values('survived').length, 1);
};

export const memory = {
  'readiness on its way to a watcher that is gone is dropped': survives('lastWatches'),
};
