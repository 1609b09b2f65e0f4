// Compiles the programs in C++, if their sources are not those that were compiled last.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { at, run } from '../../scripts/run.mjs';
import { dropStamp, isFresh, keepStamp, stampOf } from '../../scripts/stamp.mjs';

const FLAGS = [
  ...['-std=c++20', '-fno-exceptions', '-Wall', '-Wextra', '-Wshadow', '-Wconversion', '-Werror'],
  ...['-O2', '-pthread'],
];

/**
 * Makes `bench/ROOM/NAME.cc` a program and resolves to its path. `rooms` are where its headers are,
 * beside those of the floor; `include` has the library's, `libraries` are linked.
 */
export async function build(room, name, { rooms = [], include = [], libraries = [] } = {}) {
  const source = `bench/${room}/${name}.cc`;
  const flags = [...FLAGS, ...include.flatMap((path) => ['-isystem', path])];
  const links = libraries.map((library) => `-l${library}`);
  const places = new Set(['bench/floor', `bench/${room}`, ...rooms]);
  const keep = (path) => path.endsWith('.h') || path === source;
  const stamp = stampOf([...places], keep, [...flags, ...links]);
  const program = `build/bench/${room}/${name}`;
  if (isFresh(`${program}.stamp`, stamp, [program])) return at(program);
  dropStamp(`${program}.stamp`);
  mkdirSync(at(dirname(program)), { recursive: true });
  const { code } = await run('g++', [...flags, source, '-o', program, ...links]);
  if (code !== 0) throw new Error(`${source} was not compiled`);
  keepStamp(`${program}.stamp`, stamp);
  return at(program);
}

/** Makes `bench/floor/NAME.cc` a program and resolves to its path. */
export const buildFloor = (name) => build('floor', name);
