// The subscriber process: takes the stream, checks that no tick is missing, and shows it: a live
// table in a terminal, a line a second elsewhere.
//
//   node subscriber.mjs <socket name> <adapter> <seconds> <show|quiet>     started by main.mjs

import { IpcClient } from '@coroipc/core';
import { makeAdapter } from './adapters.mjs';
import { Faults } from './faults.mjs';
import { Latency } from './latency.mjs';
import { live, tell } from './lifetime.mjs';
import { decodeTick, NETWORK, PROCESSES, SAMPLES, TICK } from './protocol.mjs';
import { LiveTable, printable } from './table.mjs';
import { plainLine, tableLines } from './view.mjs';

const [name = '', adapter, seconds, show] = process.argv.slice(2);
const FRAME_MS = 500;
const LINE_MS = 1000;

const faults = new Faults();
const latency = new Latency();
let startedAt = Number.NaN;
let endedAt = Number.NaN;
let count = 0;

/**
 * @typedef {import('@coroipc/core').DispatchMessage} DispatchMessage
 * @typedef {Pick<import('./view.mjs').Known, 'tick' | 'before' | 'network' | 'processes' | 'calls'>}
 *   Latest
 * @type {Latest}
 */
const latest = {
  tick: undefined,
  before: undefined,
  network: undefined,
  processes: undefined,
  calls: undefined,
};

process.on('message', (/** @type {{ calls?: import('./view.mjs').Calls }} */ message) => {
  if (message.calls !== undefined) latest.calls = message.calls;
});

await live(async (stop) => {
  const client = await IpcClient.connect({
    name,
    service: SAMPLES,
    adapter: await makeAdapter(adapter),
  });
  startedAt = performance.now();
  await tell({ ready: true });
  const display = show === 'show' ? startDisplay() : undefined;
  const broken = new Promise((_, reject) => {
    process.stdout.on('error', (error) => reject(new Error(`standard output: ${error.message}`)));
  });
  try {
    await Promise.race([takeUntil(stop, client), broken]);
  } finally {
    endedAt = performance.now();
    await client.close();
    display?.close();
    await tell({ figures: figures() });
  }
});

/**
 * @param {AbortSignal} stop
 * @param {IpcClient} client
 */
async function takeUntil(stop, client) {
  // It throws when the server is gone.
  const messages = client.dispatches();
  stop.addEventListener('abort', () => messages.return?.());
  for await (const message of messages) {
    count += 1;
    try {
      take(message);
    } catch (error) {
      faults.add(error);
    }
  }
}

/** @param {DispatchMessage} message */
function take({ id, payload }) {
  if (id === NETWORK) latest.network = JSON.parse(payload.toString());
  else if (id === PROCESSES) latest.processes = JSON.parse(payload.toString());
  else if (id === TICK) takeTick(decodeTick(payload));
  else throw new Error(`a dispatch message of unknown id ${id}`);
}

/** @param {import('./protocol.mjs').Tick} tick */
function takeTick(tick) {
  latency.add(process.hrtime.bigint() - tick.atNs);
  const expected = latest.tick === undefined ? tick.sequence : (latest.tick.sequence + 1) >>> 0;
  latest.tick = tick;
  latest.before ??= tick;
  if (tick.sequence !== expected) {
    throw new Error(`ticks are missing: ${expected} was due, ${tick.sequence} came`);
  }
}

function startDisplay() {
  const table = process.stdout.isTTY ? new LiveTable(process.stdout) : undefined;
  const frame = () => {
    if (table === undefined) process.stdout.write(`${printable(plainLine(known()))}\n`);
    else table.draw(tableLines(known()));
    // The use of the CPU is that between two frames.
    latest.before = latest.tick;
  };
  const timer = setInterval(frame, table === undefined ? LINE_MS : FRAME_MS);
  return {
    close() {
      clearInterval(timer);
      if (table !== undefined) frame();
      table?.close();
    },
  };
}

/** @returns {import('./view.mjs').Known} */
function known() {
  const { dispatches, seconds: elapsedSeconds, p50Us, p99Us } = figures();
  return {
    ...latest,
    elapsedSeconds,
    plannedSeconds: Number(seconds),
    dispatches: { count: dispatches, perSecond: dispatches / elapsedSeconds, p50Us, p99Us },
  };
}

function figures() {
  const until = Number.isNaN(endedAt) ? performance.now() : endedAt;
  return {
    dispatches: count,
    seconds: (until - startedAt) / 1000,
    p50Us: latency.percentileUs(50),
    p99Us: latency.percentileUs(99),
    ...faults.figures(),
  };
}
