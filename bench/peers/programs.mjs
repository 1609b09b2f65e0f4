// The peers' programs: what each needs of the system, and how it is built. `packages` are Debian's, and
// `headers` and `commands` tell whether they are there, whoever installed them.
import { existsSync, readdirSync } from 'node:fs';
import { run } from '../../scripts/run.mjs';
import { build } from '../floor/build.mjs';
import { useDaemon } from './iceoryx/daemon.mjs';

const SHARED = { rooms: ['bench/peers/shared'] };

// Its headers lie in a folder of their version, which the compiler has to be told of.
function iceoryxHeaders() {
  const home = '/usr/include/iceoryx';
  if (!existsSync(home)) return [];
  return readdirSync(home).map((version) => `${home}/${version}`);
}

export const PROGRAMS = {
  libqb: {
    packages: ['libqb-dev'],
    headers: ['qb/qbipcs.h', 'qb/qbipcc.h'],
    commands: [],
    include: () => [],
    libraries: ['qb'],
  },
  'zmq-c': {
    packages: ['libzmq3-dev'],
    headers: ['zmq.h'],
    commands: [],
    include: () => [],
    libraries: ['zmq'],
  },
  iceoryx: {
    packages: ['libiceoryx-posh-dev', 'iceoryx'],
    headers: ['iceoryx_posh/popo/untyped_server.hpp'],
    commands: ['iox-roudi', 'setpriv'],
    include: iceoryxHeaders,
    libraries: ['iceoryx_posh', 'iceoryx_hoofs', 'iceoryx_platform'],
    daemon: useDaemon,
  },
};

const quiet = { out: 'text', errors: 'text' };

async function hasHeaders({ headers, include }) {
  const places = include().flatMap((path) => ['-isystem', path]);
  const probes = headers.map((header) => `#if !__has_include(<${header}>)\n#error\n#endif\n`);
  const args = ['-std=c++20', '-fsyntax-only', ...places, '-x', 'c++', '-'];
  return (await run('g++', args, { ...quiet, input: probes.join('') })).code === 0;
}

async function hasCommand(command) {
  return (await run(command, ['--version'], quiet)).code !== 127;
}

/** The line that says what a program lacks; undefined if it lacks nothing. */
export async function lackOf(program) {
  const there = await Promise.all([hasHeaders(program), ...program.commands.map(hasCommand)]);
  if (there.every(Boolean)) return undefined;
  const verb = program.packages.length === 1 ? 'is' : 'are';
  return `${program.packages.join(' and ')} ${verb} not installed: npm run bench -- --install-peers`;
}

/** Builds the program of that name, if need be, and resolves to its path. */
export function buildPeer(name) {
  const { include, libraries } = PROGRAMS[name];
  return build(`peers/${name}`, name, { ...SHARED, include: include(), libraries });
}
