// iceoryx's daemon, iox-roudi. There is one a machine, for all who use it at the same time: the first
// starts it, the last ends it, and it takes its memory and its files away with it. It ends also
// when this process is killed. The processes' own signs of life are off, because one that has to wait
// for a CPU on a loaded machine would be taken for dead.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { at } from '../../../scripts/run.mjs';

const CONFIG = at('bench/peers/iceoryx/roudi.toml');
const COMMAND = ['setpriv', '--pdeathsig', 'TERM', 'iox-roudi', '-c', CONFIG, '-m', 'off'];
const READY = 'RouDi is ready for clients';
// Long after it takes to start or to end: what hangs is killed.
const LIMIT_MS = 30_000;

let users = 0;
let daemon;

// Resolves to the process, or to the line that it ended with.
async function start() {
  const [program, ...args] = COMMAND;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  let text = '';
  const ready = new Promise((resolve) => {
    const read = (some) => {
      text += some;
      if (text.includes(READY)) resolve(true);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('error', (error) => {
      text += error.message;
      resolve(false);
    });
    child.once('close', () => resolve(false));
  });
  const running = await ready;
  clearTimeout(limit);
  // What it tells from now on is nobody's.
  if (running) text = '';
  return running ? child : `iox-roudi did not start: ${whyNot(text)}`;
}

function whyNot(text) {
  if (text.includes('RouDi still running')) return 'another one runs on this machine';
  return text.trim().split('\n').at(-1);
}

async function end(child) {
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  await gone;
  clearTimeout(limit);
}

/** Has the daemon run. Resolves to the function that gives it back, or to why there is none. */
export async function useDaemon() {
  users += 1;
  daemon ??= start();
  const child = await daemon;
  let held = true;
  const release = async () => {
    if (!held) return;
    held = false;
    users -= 1;
    if (users > 0) return;
    daemon = undefined;
    if (typeof child !== 'string') await end(child);
  };
  if (typeof child !== 'string') return release;
  await release();
  return child;
}
