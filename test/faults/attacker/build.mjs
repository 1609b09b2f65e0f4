// Compiles the attacker into build/faults/ when its sources are newer. Run by itself, or called by the
// tests; several at once are fine, the binary appears whole.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const into = join(here, '../../../build/faults');
const flags = '-std=c++20 -D_GNU_SOURCE -O1 -Wall -Wextra -Wshadow -Werror -pthread'.split(' ');

/** For programs that are not Node: a sanitizer that the tests run under is not loaded before them. */
export function plainEnvironment() {
  const { LD_PRELOAD: _sanitizer, ...rest } = process.env;
  return rest;
}

/** Where the program is, after making sure that it is up to date. */
export function buildAttacker() {
  mkdirSync(into, { recursive: true });
  const sources = readdirSync(here).filter((file) => /\.(cc|h)$/.test(file));
  const newest = Math.max(...sources.map((file) => statSync(join(here, file)).mtimeMs));
  const binary = join(into, 'attacker');
  if (existsSync(binary) && statSync(binary).mtimeMs > newest) return binary;
  const fresh = `${binary}.${process.pid}`;
  const files = sources.filter((file) => file.endsWith('.cc')).map((file) => join(here, file));
  execFileSync(process.env.CXX ?? 'c++', [...flags, '-o', fresh, ...files], {
    stdio: 'inherit',
    env: plainEnvironment(),
  });
  renameSync(fresh, binary);
  return binary;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildAttacker();
