// node hostile.mjs <adapter> <act>: what no call-back should do, and what must not crash all the
// same. Each act ends with "done" on standard output.
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { anyAdapterOf, descriptors as io } from './cast.mjs';

const BYTE = Uint8Array.of(1);
const NVAL = 0x20;

function ready() {
  const [near, far] = io.socketPair();
  io.write(far, BYTE);
  return near;
}

async function until(condition) {
  while (!condition()) await sleep(1);
}

async function works(adapter, fd = ready()) {
  let calls = 0;
  const handle = adapter.pollDispatchAdd(fd, () => {
    calls += 1;
  });
  await until(() => calls >= 3);
  handle.destroy();
}

// Descriptors that are closed, or replaced by a file, while they are watched.
async function closeEarly(adapter) {
  const file = fileURLToPath(import.meta.url);
  // Opened first: one that is opened later may get the number of the closed one.
  const other = ready();
  for (const events of [0, 1, 4, 5]) {
    for (const replaced of [false, true]) {
      for (const wait of [0, 5]) {
        const [near, far] = io.socketPair();
        const seen = [];
        const handle = adapter.pollDispatchAdd(near, (revents) => {
          seen.push(revents);
        });
        if (wait > 0) await sleep(wait);
        io.close(near);
        const replacement = replaced ? openSync(file) : -1;
        handle.modify(events);
        handle.modify(5 - events);
        await works(adapter, other);
        await until(() => seen.includes(NVAL));
        handle.destroy();
        const calls = seen.length;
        await works(adapter, other);
        if (seen.length !== calls) throw new Error('served after destroy');
        if (replaced) closeSync(replacement);
        io.close(far);
      }
    }
  }
}

const anonymous = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /eventpoll|eventfd/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;
const threads = () => readdirSync('/proc/self/task').length;

// Workers that are ended in the middle of their call-backs.
async function terminate() {
  const round = async () => {
    const worker = new Worker(new URL(import.meta.url), {
      argv: process.argv.slice(2),
      workerData: 'busy',
    });
    await new Promise((resolve) => worker.once('message', resolve));
    await sleep(Math.random() * 5);
    await worker.terminate();
  };
  await round();
  const [descriptors, tasks] = [anonymous(), threads()];
  for (let each = 0; each < 25; each += 1) await round();
  await until(() => anonymous() <= descriptors && threads() <= tasks);
}

async function beBusy(adapter) {
  const { parentPort } = await import('node:worker_threads');
  const another = ready();
  for (let each = 0; each < 8; each += 1) {
    const handle = adapter.pollDispatchAdd(ready(), () => {
      parentPort.postMessage('busy');
      const end = performance.now() + 1;
      while (performance.now() < end);
      handle.modify(5);
      if (each === 7) {
        handle.destroy();
        adapter.pollDispatchAdd(another, () => {});
      }
    });
  }
  const gone = ready();
  adapter.pollDispatchAdd(gone, () => {});
  io.close(gone);
}

// A peer that only stopped sending gives a watch that does not ask for input nothing to do.
async function sleepWhileHalfClosed(adapter) {
  const [near, far] = io.socketPair();
  const handle = adapter.pollDispatchAdd(near, () => {
    throw new Error('served');
  });
  for (const events of [0, 4]) {
    if (events === 4) {
      try {
        for (;;) io.write(near, new Uint8Array(65536));
      } catch {
        // Full: there is nothing to report.
      }
    }
    handle.modify(events);
    io.shutdownWrite(far);
    await sleep(20);
    const before = performance.nodeTiming.uvMetricsInfo.loopCount;
    await sleep(300);
    const turns = performance.nodeTiming.uvMetricsInfo.loopCount - before;
    if (turns > 100) throw new Error(`${turns} turns of an idle loop`);
  }
  handle.destroy();
}

// Whoever drops a handle without destroying it keeps the watch.
async function collect(adapter) {
  // What keeps a loop going that is run for as long as it is alive.
  const alive = adapter.pollDispatchAdd(io.socketPair()[0], () => {});
  let calls = 0;
  const counts = () => {
    calls += 1;
  };
  for (let each = 0; each < 200; each += 1) adapter.pollDispatchAdd(ready(), counts).unref();
  for (let round = 0; round < 5; round += 1) {
    globalThis.gc?.();
    await sleep(5);
  }
  calls = 0;
  await until(() => calls > 200);
  alive.destroy();
}

// The last destroy leaves no thread and no descriptor of the adapter's behind.
async function leaveNothing(adapter) {
  await works(adapter);
  const [descriptors, tasks] = [anonymous(), threads()];
  for (let round = 0; round < 200; round += 1) {
    const [near, far] = io.socketPair();
    const handle = adapter.pollDispatchAdd(near, () => {});
    handle.modify(0);
    handle.destroy();
    io.close(near);
    io.close(far);
  }
  await until(() => anonymous() <= descriptors && threads() <= tasks);
}

const acts = { closeEarly, terminate, sleepWhileHalfClosed, collect, leaveNothing };
const [name, act] = process.argv.slice(2);
if (isMainThread) {
  await acts[act](await anyAdapterOf(name));
  process.stdout.write('done\n');
} else if (workerData === 'busy') {
  await beBusy(await anyAdapterOf(name));
}
