// Worker threads: each is an environment of its own, and may be terminated whatever it is doing.

import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { IpcClient } from '@coroipc/core';
import { Child, freshName, until } from './child.mjs';
import { COMMAND, SERVICE, startServer } from './server.mjs';
import { sleep } from './tell.mjs';

const ROLES = ['callSync', 'call', 'blocked', 'pending', 'dispatches', 'dispatchGet'];

function startWorker(role, name) {
  const worker = new Worker(new URL('worker.mjs', import.meta.url), { workerData: { role, name } });
  const posted = [];
  worker.on('message', (what) => posted.push(what));
  worker.on('error', (error) => posted.push(`error: ${error.message}`));
  const said = (what) =>
    until(`"${what}" of a worker`, () => {
      if (posted.length > 0 && !posted.includes(what)) throw new Error(`it said ${posted}`);
      return posted.includes(what);
    });
  const over = new Promise((resolve) => worker.once('exit', resolve));
  return { worker, said, over };
}

// Each is terminated in the midst of what it does, several times over; this thread goes on.
async function terminated({ name, role }, { say }) {
  const own = await IpcClient.connect({ name, service: SERVICE });
  for (let round = 0; round < 4; round++) {
    const { worker, said, over } = startWorker(role, name);
    await said('at it');
    if (round % 2 === 0) await sleep(20);
    await worker.terminate();
    await over;
    assert.equal((await own.call(COMMAND.ECHO, 'x')).toString(), 'x');
  }
  await own.close();
  say('survived');
}

async function servesFromWorker({ name }, { say }) {
  const { worker, said, over } = startWorker('server', name);
  await said('ready');
  const client = await IpcClient.connect({ name, service: SERVICE });
  for (let call = 0; call < 200; call++) {
    assert.equal(client.callSync(COMMAND.ECHO, String(call)).toString(), String(call));
    assert.equal((await client.call(COMMAND.ECHO, String(call))).toString(), String(call));
  }
  await client.close();
  worker.postMessage('stop');
  await over;
  say('survived');
}

async function serverTerminated({ name }, { say }) {
  for (let round = 0; round < 4; round++) {
    const { worker, said, over } = startWorker('server', name);
    await said('ready');
    const client = await IpcClient.connect({ name, service: SERVICE });
    const closed = new Promise((resolve) => client.on('close', resolve));
    client.on('dispatch', () => {});
    assert.equal((await client.call(COMMAND.ECHO, 'x')).toString(), 'x');
    await worker.terminate();
    await over;
    assert.equal((await closed)?.code, 'ERR_COROIPC_LIBRARY');
    await client.close();
  }
  say('survived');
}

// The process ends with workers at work.
async function exitsWithWorkers({ name }) {
  const all = ROLES.filter((role) => role !== 'blocked').map((role) => startWorker(role, name));
  await Promise.all(all.map(({ said }) => said('at it')));
  process.exit(7);
}

export const tasks = { terminated, servesFromWorker, serverTerminated, exitsWithWorkers };

const survives = (task, argument) => async () => {
  const child = Child.start(import.meta.url, task, argument ?? { name: freshName() });
  await child.endsWith(0);
  assert.equal(child.values('survived').length, 1);
};

export const workers = {
  'a server in a worker serves this thread': survives('servesFromWorker'),
  'a server in a worker that is terminated': survives('serverTerminated'),
  ...Object.fromEntries(
    ROLES.map((role) => [
      `a worker that is terminated in ${role}`,
      async () => {
        const { name, server } = await startServer();
        await survives('terminated', { name, role })();
        server.tell();
        await server.endsWith(0);
      },
    ]),
  ),
  'a process that exits with workers at work': async () => {
    const { name, server } = await startServer();
    await Child.start(import.meta.url, 'exitsWithWorkers', { name }).endsWith(7);
    server.tell();
    await server.endsWith(0);
  },
};
