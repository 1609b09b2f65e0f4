// The subscriber process: takes the stream, checks that no tick is missing, and shows it.
// subscriber-rxjs.mjs is the same written with operators.
//
//   node subscriber.mjs <socket name> <adapter> <wire> <seconds> <show|quiet>
//
// It is started by main.mjs.

import { IpcClient } from '@coroipc/core';
import { makeAdapter } from './adapters.mjs';
import { Display, outputBroken } from './display.mjs';
import { live, tell } from './lifetime.mjs';
import { Measures } from './measures.mjs';
import { decodeTick, NETWORK, PROCESSES, SAMPLES, TICK, wireOf } from './protocol.mjs';

const [name = '', adapter, wire, seconds, show] = process.argv.slice(2);

const measures = new Measures();

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
    wire: wireOf(wire),
  });
  measures.start();
  await tell({ ready: true });
  const display = show === 'show' ? startDisplay(client) : undefined;
  try {
    await Promise.race([takeUntil(stop, client), outputBroken()]);
  } finally {
    measures.end();
    await client.close();
    display?.close();
    await tell({ figures: measures.figures() });
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
    measures.count();
    try {
      take(message);
    } catch (error) {
      measures.fault(error);
    }
  }
}

/** @param {DispatchMessage} message */
function take({ id, payload }) {
  if (id === NETWORK) latest.network = JSON.parse(payload.toString());
  else if (id === PROCESSES) latest.processes = JSON.parse(payload.toString());
  else if (id === TICK) {
    latest.tick = decodeTick(payload);
    latest.before ??= latest.tick;
    measures.tick(latest.tick);
  } else throw new Error(`a dispatch message of unknown id ${id}`);
}

/** @param {IpcClient} client */
function startDisplay(client) {
  const display = new Display();
  const frame = () => {
    display.show({
      wire: client.wire,
      ...latest,
      ...measures.shown(),
      plannedSeconds: Number(seconds),
    });
    // The use of the CPU is that between two frames.
    latest.before = latest.tick;
  };
  const timer = setInterval(frame, display.periodMs);
  return {
    close() {
      clearInterval(timer);
      if (process.stdout.isTTY) frame();
      display.close();
    },
  };
}
