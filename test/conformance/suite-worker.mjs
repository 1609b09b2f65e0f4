// A worker that holds the suite over one adapter and runs the tests that it is told to, by name.
import { parentPort, workerData } from 'node:worker_threads';
import { pollConformance } from '@coroipc/core/testing';
import { descriptors } from './cast.mjs';
import { adapterOf } from './rx-cast.mjs';

const tests = new Map();
pollConformance(
  workerData.name,
  () => adapterOf(workerData.adapter),
  { test: (name, run) => tests.set(name, run) },
  { descriptors },
);

parentPort.on('message', async (name) => {
  try {
    await tests.get(name)();
    parentPort.postMessage({ name });
  } catch (error) {
    parentPort.postMessage({ name, error });
  }
});
