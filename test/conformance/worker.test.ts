// The suite over the adapters in a worker thread, whose loop is not the process's.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { pollConformance } from '@coroipc/core/testing';
import { afterAll, test } from 'vitest';
import { descriptors, player } from './scenes.js';

const EPOLLS = ['epoll run', 'epoll step', 'epoll nested', 'epoll thread'];

for (const adapter of ['libuv', 'thread', ...EPOLLS, 'custom loop', 'rxjs(thread) plain']) {
  const name = `${adapter} in a worker`;
  const worker = new Worker(new URL('suite-worker.mjs', import.meta.url), {
    workerData: { name, adapter },
  });
  afterAll(() => worker.terminate());

  const runInWorker = async (testName: string): Promise<void> => {
    worker.postMessage(testName);
    const [answer] = (await once(worker, 'message')) as [{ name: string; error?: Error }];
    if (answer.name !== testName) throw new Error(`${answer.name} answered for ${testName}`);
    if (answer.error !== undefined) throw answer.error;
  };
  // The tests by their names: a scenario plays in a process of its own, everything else over there.
  const scenario = player(adapter, 'worker');
  const inWorker = new Set<string>();
  const never = (): never => {
    throw new Error('the adapter is made in the worker');
  };
  pollConformance(name, never, { test: (each) => inWorker.add(each) }, { descriptors });
  pollConformance(
    name,
    never,
    { test: (each, run) => test(each, () => (inWorker.has(each) ? runInWorker(each) : run())) },
    { descriptors, scenario },
  );
}
