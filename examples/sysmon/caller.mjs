// The caller process: synchronous calls, one after the other, each of them timed and its answer
// checked. Mostly echoes of 64 bytes, now and then a file and a process's state.
//
//   node caller.mjs <socket name> <adapter> <wire>     started by main.mjs

import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CoroIpcError, IpcClient } from '@coroipc/core';
import { makeAdapter } from './adapters.mjs';
import { Faults } from './faults.mjs';
import { Latency } from './latency.mjs';
import { aborted, live, tell } from './lifetime.mjs';
import { parseLoad } from './proc.mjs';
import { ECHO, FILE, PROCESS, QUERIES, RESPONSE_BYTES, wireOf } from './protocol.mjs';

// callSync blocks the loop: between bursts it gets its turn, for the parent's messages.
const BURST_MS = 5;
const REPORT_MS = 250;
// Of a hundred calls, two ask for a file, one for a process's state.
const ROUND = 100;

const [name = '', adapter, wire] = process.argv.slice(2);
const faults = new Faults();
const all = new Latency();
const latencies = { echo: new Latency(), file: new Latency(), process: new Latency() };
const question = Buffer.alloc(64, 'coroipc ');
let startedAt = Number.NaN;
let endedAt = Number.NaN;

await live(async (stop) => {
  const client = await IpcClient.connect({
    name,
    service: QUERIES,
    adapter: await makeAdapter(adapter),
    wire: wireOf(wire),
    responseBytes: RESPONSE_BYTES,
  });
  // The answer to "ready" may come at once.
  const told = Promise.race([once(process, 'message'), aborted(stop)]);
  await tell({ ready: true });
  await told;
  startedAt = performance.now();
  try {
    await callUntil(stop, client);
  } finally {
    endedAt = performance.now();
    await client.close();
    await tell({ figures: figures() });
  }
});

/**
 * @param {AbortSignal} stop
 * @param {IpcClient} client
 */
async function callUntil(stop, client) {
  let call = 0;
  let reportAt = startedAt + REPORT_MS;
  while (!stop.aborted) {
    const burstEndsAt = performance.now() + BURST_MS;
    while (performance.now() < burstEndsAt) {
      attempt(client, call);
      call += 1;
    }
    if (performance.now() >= reportAt) {
      reportAt += REPORT_MS;
      await tell({ figures: figures() });
    }
    await nextTurn();
  }
}

/**
 * @param {IpcClient} client
 * @param {number} call
 */
function attempt(client, call) {
  try {
    const step = call % ROUND;
    if (step === 50 || step === 99) askFile(client);
    else if (step === 75) askProcess(client, call % 200 < ROUND ? process.pid : client.serverPid);
    else echo(client, call);
  } catch (error) {
    if (CoroIpcError.is(error) && error.disconnected) throw error;
    faults.add(error);
  }
}

/**
 * @param {IpcClient} client
 * @param {number} call
 */
function echo(client, call) {
  // Every question is another one, so that an answer to an older one would show.
  question.writeUInt32LE(call >>> 0, 0);
  const answer = timed(latencies.echo, client, ECHO, question);
  if (!answer.equals(question)) throw new Error('an echo differs from what was sent');
}

/** @param {IpcClient} client */
function askFile(client) {
  const answer = timed(latencies.file, client, FILE, '/proc/loadavg');
  if (parseLoad(answer.toString()).length !== 3) throw new Error(`not a load: ${answer}`);
}

/**
 * @param {IpcClient} client
 * @param {number} pid
 */
function askProcess(client, pid) {
  const answer = timed(latencies.process, client, PROCESS, String(pid));
  if (JSON.parse(answer.toString()).pid !== pid) throw new Error(`not process ${pid}: ${answer}`);
}

/**
 * @param {Latency} latency
 * @param {IpcClient} client
 * @param {number} command
 * @param {Buffer | string} payload
 */
function timed(latency, client, command, payload) {
  const begin = process.hrtime.bigint();
  const answer = client.callSync(command, payload, { timeoutMs: 5000 });
  const nanoseconds = process.hrtime.bigint() - begin;
  latency.add(nanoseconds);
  all.add(nanoseconds);
  return answer;
}

function figures() {
  const until = Number.isNaN(endedAt) ? performance.now() : endedAt;
  return {
    calls: all.count,
    seconds: (until - startedAt) / 1000,
    p50Us: all.percentileUs(50),
    p99Us: all.percentileUs(99),
    byCommand: Object.fromEntries(
      Object.entries(latencies).map(([name, latency]) => [
        name,
        {
          calls: latency.count,
          p50Us: latency.percentileUs(50),
          p99Us: latency.percentileUs(99),
        },
      ]),
    ),
    ...faults.figures(),
  };
}
