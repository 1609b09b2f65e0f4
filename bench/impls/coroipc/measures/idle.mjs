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

export async function idle1000({ client, connect }, { ms }) {
  const before = footprints(client);
  const clients = await connectMany(connect, CONNECTIONS);
  const after = footprints(client);
  await sleep(SETTLE_MS);

  const start = performance.now();
  const cpu = cpuOfBoth(client);
  await sleep(ms);
  const used = cpuOfBoth(client);
  const tookUs = (performance.now() - start) * 1000;
  const percent = (side) => ((used[side] - cpu[side]) * 100) / tookUs;
  const more = {
    server: { cpuPercent: percent('server'), ...growth(before.server, after.server) },
    client: { cpuPercent: percent('client'), ...growth(before.client, after.client) },
  };
  await closeAll(clients);
  return { more };
}
