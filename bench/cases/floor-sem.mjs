// The floor: a ping-pong over two sem_t in shared memory, in C.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../floor/sem_pingpong.c', import.meta.url));
const home = fileURLToPath(new URL('../../build/bench', import.meta.url));
const binary = `${home}/sem_pingpong`;

export const name = 'sem_t ping-pong, C';
export const id = 'sem';

export async function open() {
  mkdirSync(home, { recursive: true });
  execFileSync('g++', ['-x', 'c', '-std=c11', '-O2', '-pthread', source, '-o', binary]);
  return {
    round: async ({ warm, calls }) =>
      JSON.parse(execFileSync(binary, [String(warm), String(calls)], { encoding: 'utf8' })),
    close: async () => {},
  };
}
