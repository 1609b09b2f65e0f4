// Compiles the floor programs, if their sources are not those that were compiled last.
import { mkdirSync } from 'node:fs';
import { at, run } from '../../scripts/run.mjs';
import { dropStamp, isFresh, keepStamp, stampOf } from '../../scripts/stamp.mjs';

const HOME = 'build/bench/floor';
const FLAGS = [
  ...['-std=c++20', '-fno-exceptions', '-Wall', '-Wextra', '-Wshadow', '-Wconversion', '-Werror'],
  ...['-O2', '-pthread'],
];

/** The program's path. */
export const programOf = (name) => at(`${HOME}/${name}`);

/** Makes `bench/floor/NAME.cc` a program. */
export async function buildFloor(name) {
  const source = `bench/floor/${name}.cc`;
  const stamp = stampOf([source, 'bench/floor/pingpong.h'], undefined, FLAGS);
  const path = `${HOME}/${name}.stamp`;
  if (isFresh(path, stamp, [`${HOME}/${name}`])) return;
  dropStamp(path);
  mkdirSync(at(HOME), { recursive: true });
  const { code } = await run('g++', [...FLAGS, source, '-o', `${HOME}/${name}`]);
  if (code !== 0) throw new Error(`${source} was not compiled`);
  keepStamp(path, stamp);
}
