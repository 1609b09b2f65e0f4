// The server process: samples the machine, publishes to whoever subscribes, answers requests.
//
//   node server.mjs <socket name> <adapter> <wire>     started by main.mjs

import { IpcServer } from '@coroipc/core';
import { makeAdapter } from './adapters.mjs';
import { Faults } from './faults.mjs';
import { aborted, live, tell } from './lifetime.mjs';
import {
  ECHO,
  encodeTick,
  FILE,
  FILE_BYTES,
  NETWORK,
  PERIOD_MS,
  PROCESS,
  PROCESSES,
  QUERIES,
  SAMPLES,
  TICK,
  wireOf,
} from './protocol.mjs';
import { processState, readNamedFile } from './queries.mjs';
import { Sampler } from './sampler.mjs';

const [name = '', adapter, wire] = process.argv.slice(2);
const faults = new Faults();

await live(async (stop) => {
  const server = new IpcServer({
    name,
    adapter: await makeAdapter(adapter),
    wires: [wireOf(wire)],
  });
  server.service(SAMPLES, {});
  server.service(QUERIES, {
    requests: {
      [ECHO]: ({ payload }) => payload,
      [FILE]: ({ payload }) => readNamedFile(payload.toString(), FILE_BYTES),
      [PROCESS]: ({ payload }) => processState(payload.toString()),
    },
  });
  // A refusal with a status is an answer; anything else is a fault of this process.
  server.on('requestError', (error) => {
    if (!(error instanceof Error) || error.name !== 'CoroIpcError') faults.add(error);
  });
  await server.listen();

  const sampler = new Sampler();
  // What the first rates are counted from.
  sampler.network();
  await sampler.processes();
  const timers = publish(server, sampler);
  await tell({ ready: true });
  await aborted(stop);
  for (const timer of timers) clearInterval(timer);
  const { requests, dispatched } = server.stats();
  await server.close();
  await tell({ figures: { requests, dispatched, ...faults.figures() } });
});

/**
 * @param {IpcServer} server
 * @param {Sampler} sampler
 */
function publish(server, sampler) {
  /** @type {Buffer | undefined} */
  let tick;
  let listing = false;
  /**
   * @param {keyof typeof PERIOD_MS} topic
   * @param {() => void | Promise<void>} send
   */
  const every = (topic, send) =>
    setInterval(async () => {
      try {
        await send();
      } catch (error) {
        faults.add(error);
      }
    }, PERIOD_MS[topic]);

  return [
    every(TICK, () => {
      tick = encodeTick(sampler.tick(), tick);
      server.publish(SAMPLES, TICK, tick);
    }),
    every(NETWORK, () => {
      server.publish(SAMPLES, NETWORK, JSON.stringify(sampler.network()));
    }),
    every(PROCESSES, async () => {
      if (listing) return;
      listing = true;
      const processes = await sampler.processes();
      listing = false;
      if (server.listening) server.publish(SAMPLES, PROCESSES, JSON.stringify(processes));
    }),
  ];
}
