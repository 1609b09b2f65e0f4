// What 1000 connections cost while nothing happens on them: CPU, threads, memory.
import { setTimeout as sleep } from 'node:timers/promises';
import { FOOTPRINT } from '../commands.mjs';
import { footprint } from '../footprint.mjs';
import { closeAll, connectMany } from './many.mjs';
import { cpuOfBoth } from './meter.mjs';

const CONNECTIONS = 1000;
const SETTLE_MS = 300;

const footprints = (client) => ({
  client: footprint(),
  server: JSON.parse(client.callSync(FOOTPRINT).toString()),
});

// What is there besides anonymous memory is shared: with the peer, or with the file it was read from.
function growth(before, after) {
  const each = (field) => (after[field] - before[field]) / CONNECTIONS;
  return {
    threads: after.threads - before.threads,
    rssBytesEach: each('rssBytes'),
    sharedBytesEach: each('rssBytes') - each('anonymousBytes'),
    anonymousBytesEach: each('anonymousBytes'),
    jsHeapBytesEach: each('jsHeapBytes'),
  };
}

// How busy each side is while this process does nothing, in percent of one CPU.
async function cpuPercents(client, ms) {
  await sleep(SETTLE_MS);
  const start = performance.now();
  const cpu = cpuOfBoth(client);
  await sleep(ms);
  const used = cpuOfBoth(client);
  const tookUs = (performance.now() - start) * 1000;
  const percent = (side) => ((used[side] - cpu[side]) * 100) / tookUs;
  return { server: percent('server'), client: percent('client') };
}

export async function idle1000({ client, connect }, { ms }) {
  const before = footprints(client);
  // What a process of Node uses anyway is not the connections' doing.
  const without = await cpuPercents(client, ms);
  const clients = await connectMany(connect, CONNECTIONS);
  const after = footprints(client);
  const cpu = await cpuPercents(client, ms);
  const told = (side) => ({
    cpuPercent: cpu[side],
    cpuPercentWithout: without[side],
    ...growth(before[side], after[side]),
  });
  const more = { server: told('server'), client: told('client') };
  await closeAll(clients);
  return { more };
}
