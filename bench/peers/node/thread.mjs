// Two threads of one process as a pair: the caller is its main thread, the server a worker. Where
// they run is set for each by itself, so that they stand where two processes would.
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { Worker } from 'node:worker_threads';

const SERVER = new URL('server-thread.mjs', import.meta.url);

/** Pins the thread that calls this, and no other of its process, to a CPU; undefined is any. */
export function pinThread(cpu) {
  if (cpu === undefined) return;
  const thread = basename(readlinkSync('/proc/thread-self'));
  execFileSync('taskset', ['-p', '-c', String(cpu), thread], { stdio: 'ignore' });
}

/**
 * Starts the thread in which `serve` of `transport` gets `settings`, and waits until it runs. `cpus`
 * is of the caller and the server: this thread is the caller's.
 */
export async function startThread(transport, cpus, settings, transferList = []) {
  const workerData = { transport, settings, cpu: cpus.server };
  const worker = new Worker(SERVER, { workerData, transferList });
  worker.on('error', (error) => {
    throw error;
  });
  await new Promise((resolve) => worker.once('message', resolve));
  pinThread(cpus.caller);
}
