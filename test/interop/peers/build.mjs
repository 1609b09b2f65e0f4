// Compiles the C peers of the interop tests into build/interop/ when their sources are newer.
// Run by itself, or called by the tests; several at once are fine, a binary appears whole.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const into = join(here, '../../../build/interop');
const flags = '-std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -pthread'.split(' ');

const programs = {
  classic_client: [
    'client.c',
    'client_connect.c',
    'client_call.c',
    'client_dispatch.c',
    'scenario.c',
    'scenario_burst.c',
    'scenario_trace.c',
    'channel.c',
  ],
  classic_server: [
    'server.c',
    'setup.c',
    'thread.c',
    'zero_copy.c',
    'dispatch.c',
    'service.c',
    'channel.c',
  ],
};

function newestSource() {
  const times = readdirSync(here).map((file) => statSync(join(here, file)).mtimeMs);
  return Math.max(...times);
}

/** Where the programs are, after making sure that they are up to date. */
export function buildPeers() {
  mkdirSync(into, { recursive: true });
  for (const [program, sources] of Object.entries(programs)) {
    const binary = join(into, program);
    if (existsSync(binary) && statSync(binary).mtimeMs > newestSource()) continue;
    const fresh = `${binary}.${process.pid}`;
    const files = sources.map((source) => join(here, source));
    execFileSync(process.env.CC ?? 'cc', [...flags, '-o', fresh, ...files], { stdio: 'inherit' });
    renameSync(fresh, binary);
  }
  return { client: join(into, 'classic_client'), server: join(into, 'classic_server') };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildPeers();
