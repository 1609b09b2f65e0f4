// What a runtime's garbage collector, its finalizers and its threads could do to memory that is
// shared or watched.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { coroipcc, encodeRequest, IpcClient, threadPoll } from '@coroipc/core';
import { descriptors } from './adapters.mjs';
import { Child, until } from './child.mjs';
import { hostileValues } from './hostile-values.mjs';
import { collectGarbage } from './runtime.mjs';
import { burst, COMMAND, SERVICE, startServer, WIRES } from './server.mjs';
import { sleep } from './tell.mjs';

const require = createRequire(import.meta.url);
const native = require(
  `../../packages/core/prebuilds/${process.platform}-${process.arch}/coroipc.node`,
);

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

const holdings = () => ({
  descriptors: readdirSync('/proc/self/fd').length,
  mappings: readFileSync('/proc/self/maps', 'utf8').split('\n').filter(isShared).length,
});
const isShared = (line) => /\/dev\/shm|\(deleted\)/.test(line);

// Runtimes open descriptors of their own now and then, but not one for each of dozens of rounds.
const OWN = 10;

// Waits until nothing more is held than before; finalizers run when the runtime likes.
async function release(before) {
  await until('everything is given back', async () => {
    collectGarbage();
    await sleep(5);
    const now = holdings();
    return now.descriptors <= before.descriptors + OWN && now.mappings <= before.mappings;
  });
}

const request = (id, payload) => [encodeRequest(id, payload)];

// Views of the shared memory are dropped without a word, before and after their connection's end.
async function views({ name }, { say }) {
  for (const wire of WIRES) await dropViews(name, wire);
  say('survived');
}

async function dropViews(name, wire) {
  const connect = () => coroipcc.serviceConnect(name, SERVICE, 65536, 65536, 65536, { wire });
  coroipcc.serviceDisconnect(connect());
  collectGarbage();
  const before = holdings();
  for (let round = 0; round < 60; round++) dropViewsOf(connect());
  await release(before);
}

// A call of its own: an async function that waits may keep what its variables held.
function dropViewsOf(handle) {
  coroipcc.msgSendReplyReceive(handle, request(COMMAND.BURST, burst(5, 100)));
  let kept;
  for (let left = 5; left > 0; left--) {
    kept = coroipcc.dispatchGet(handle, 5000);
    if (left % 2 === 0) collectGarbage();
    assert.equal(kept.length, 124);
    assert.equal(kept.readUInt32LE(24), 5 - left);
    coroipcc.dispatchPut(handle);
  }
  const zeroCopy = [1, 2, 3].map(() => coroipcc.zcbAlloc(handle, 5000, 16));
  const lent = coroipcc.msgSendReplyReceiveInBufGet(handle, request(COMMAND.ECHO, 'lent'));
  collectGarbage();
  assert.equal(lent.subarray(24).toString(), 'lent');
  coroipcc.msgSendReplyReceiveInBufPut(handle);
  coroipcc.zcbFree(handle, zeroCopy[1]);
  coroipcc.serviceDisconnect(handle);
  // They stay where they are until they are collected, for threads of the runtime's.
  assert.equal(lent.subarray(24).toString(), 'lent');
  for (const view of [kept, ...zeroCopy]) assert.ok(view.fill(7).every((byte) => byte === 7));
}

// Payloads outlive everything they came with.
async function payloads({ name }, { say }) {
  const client = await IpcClient.connect({ name, service: SERVICE });
  const kept = [];
  client.on('dispatch', ({ payload }) => kept.push(payload));
  await client.call(COMMAND.BURST, burst(500, 64));
  for (let call = 0; call < 500; call++) {
    const answer = await client.call(COMMAND.ECHO, Buffer.alloc(64, call & 0xff));
    if (call % 50 === 0) collectGarbage();
    kept.push(answer);
  }
  await until('all messages', () => kept.length === 1000);
  await client.close();
  collectGarbage();
  for (const payload of kept) {
    assert.equal(payload.length, 64);
    assert.ok(payload.subarray(4).every((byte) => byte === payload[63]));
  }
  say('survived');
}

// Clients, calls, iterators and watches that nobody keeps or ends.
async function forgotten({ name }, { say }) {
  for (let round = 0; round < 30; round++) {
    const client = await IpcClient.connect({ name, service: SERVICE });
    await client.call(COMMAND.STREAM);
    client.call(COMMAND.SILENCE).catch(() => {});
    const iterator = client.dispatches();
    await iterator.next();
    client.unref();
    iterator.next().catch(() => {});
    if (round % 5 === 0) collectGarbage();
  }
  collectGarbage();
  say('survived');
}

// Connections that come and go leave nothing.
async function churn({ name }, { say }) {
  const once = async () => {
    const client = await IpcClient.connect({ name, service: SERVICE });
    assert.equal((await client.call(COMMAND.ECHO, 'x')).toString(), 'x');
    client.on('dispatch', () => {});
    await client.close();
  };
  for (let round = 0; round < 5; round++) await once();
  collectGarbage();
  const before = holdings();
  for (let round = 0; round < 150; round++) await once();
  await release(before);
  say('survived');
}

const NATIVE = 0;
const CLASSIC = 12;

// All that the core is to be given, by the library itself, so that an option that is added is here too.
function clientOptions(name, generation) {
  const { clientConnect } = native;
  let given;
  native.clientConnect = (options) => {
    given = options;
    throw new Error('only asked');
  };
  try {
    const connect = () => coroipcc.serviceConnect(name, SERVICE, 8192, 8192, 8192, { spinUs: 0 });
    assert.throws(connect, /only asked/);
  } finally {
    native.clientConnect = clientConnect;
  }
  return {
    ...given,
    ...{ generation, maxInFlight: 4 },
    ...{ requestBytes: 8192, responseBytes: 8192, dispatchBytes: 8192 },
  };
}

// The core itself, with what no caller in TypeScript would let through: memory that went, grew or
// shrank, numbers of no kind, arrays that are none. None of it blocks: times are over at once.
async function hostile({ name }, { say }) {
  for (const generation of [NATIVE, CLASSIC]) attack(name, generation);
  say('survived');
}

function attack(name, generation) {
  const { functions, values, memory } = hostileValues(native);
  const client = native.clientConnect(clientOptions(name, generation), 5000);
  let refused = 0;
  for (const [index, call] of functions.entries()) {
    for (let round = 0; round < 300; round++) {
      const args = [index, round, 7].map((seed, at) =>
        values(client, seed * 31 + round * (at + 1)),
      );
      try {
        call(...args);
      } catch {
        refused++;
      }
    }
  }
  assert.ok(refused > 1000);

  const own = native.clientConnect(clientOptions(name, generation), 5000);
  const good = encodeRequest(COMMAND.ECHO, 'good');
  const ask = () => native.clientCall(own, [good], 5000, true);
  for (const [what, bytes] of Object.entries(memory())) {
    assert.equal(ask(), 28, what);
    // Whatever it takes of such memory, it never writes where there is none.
    native.clientReceive(own, bytes);
    let token = 0;
    try {
      const header = new DataView(new ArrayBuffer(16));
      header.setInt32(0, 16 + bytes.length, true);
      header.setInt32(8, COMMAND.ECHO, true);
      token = native.clientSend(own, [new Uint8Array(header.buffer), bytes]);
      native.clientAwait(own, token, 1000);
      native.clientReceive(own, new Uint8Array(8192));
    } catch {
      if (token !== 0) native.clientAbandon(own, token);
    }
  }
  // So many bytes of the scratch, and none beyond it.
  for (const bytes of [-1, 8129, 8192, 2 ** 31, 2 ** 32 + 16, Number.NaN]) {
    assert.throws(() => native.clientSend(own, bytes), `${bytes}`);
  }
  // Answers and messages arrive in memory that is too small for them, gone, or grows and shrinks.
  const small = [0, 1, 8, 31].map((bytes) => new ArrayBuffer(bytes));
  const strange = Object.values(memory()).map((bytes) => bytes.buffer);
  for (const buffer of [...small, ...strange]) {
    try {
      native.arrivals(buffer);
    } catch (error) {
      assert.ok(error instanceof TypeError, String(error));
    }
    native.clientSend(own, [good]);
    for (let look = 0; look < 1000 && native.clientAnswers(own) === 0; look++)
      native.poll(new Int32Array(0), 1);
    try {
      native.clientReceive(own, new Uint8Array(8192));
    } catch {
      // It had arrived.
    }
    native.clientTake(own, 100);
  }
  native.clientClose(own);
  native.clientClose(client);
}

export const tasks = { lastWatches, views, payloads, forgotten, churn, hostile };

const survives = (task) => async () => {
  const { name, server } = await startServer();
  const child = Child.start(import.meta.url, task, { name });
  await child.endsWith(0);
  assert.equal(child.values('survived').length, 1);
  server.tell();
  await server.endsWith(0);
};

export const memory = {
  'readiness on its way to a watcher that is gone is dropped': survives('lastWatches'),
  'views outlive their connection, and their memory is given back': survives('views'),
  'payloads outlive everything they came with': survives('payloads'),
  'clients, calls and iterators that nobody keeps': survives('forgotten'),
  'connections that come and go leave nothing': survives('churn'),
  'no argument makes the core crash': survives('hostile'),
};
