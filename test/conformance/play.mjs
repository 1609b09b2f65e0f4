// node play.mjs <adapter> <scenario> [worker]: plays one scenario of the suite as all that this
// process, or one worker of it, does.
import { isMainThread, Worker } from 'node:worker_threads';
import { playPollScenario } from '@coroipc/core/testing';
import { anyAdapterOf, descriptors } from './cast.mjs';

const [adapter, scenario, where] = process.argv.slice(2);

if (where === 'worker' && isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
  worker.on('exit', (code) => {
    process.exitCode = code;
  });
} else {
  playPollScenario(scenario, await anyAdapterOf(adapter), descriptors);
}
