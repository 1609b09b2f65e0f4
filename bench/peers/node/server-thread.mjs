// The server of a pair, where it is a thread of the caller's process.
import { parentPort, workerData } from 'node:worker_threads';
import { pinThread } from './thread.mjs';

const { transport, settings, cpu } = workerData;
pinThread(cpu);
const { serve } = await import(`./transports/${transport}.mjs`);
parentPort.postMessage('ready');
await serve(settings);
