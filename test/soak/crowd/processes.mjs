// The processes of a crowd, and what one of them holds of the machine.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const beside = (file) => fileURLToPath(new URL(file, import.meta.url));

/** A process of Node's that talks to its parent. `news` is the last it said, `gone` its end. */
export class Member {
  child;
  news;
  gone;
  over = false;

  constructor(module, args, execArgv = []) {
    this.child = fork(beside(module), args, {
      execArgv,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.child.on('message', (news) => {
      this.news = news;
    });
    this.gone = once(this.child, 'exit').then(([code, signal]) => {
      this.over = true;
      return signal ?? code;
    });
  }

  /** Waits for its first word. */
  async ready() {
    const how = await Promise.race([once(this.child, 'message'), this.gone]);
    if (!Array.isArray(how)) throw new Error(`a process ended before it was ready: ${how}`);
    return this;
  }

  signal(name) {
    if (!this.over) this.child.kill(name);
  }

  send(message) {
    // It may be on its way to its end.
    if (this.child.connected) this.child.send(message, () => {});
  }
}

/** A hostile visitor; `done` is how often it did what. */
export class Visitor {
  child;
  gone;
  done = {};

  constructor(name, seed) {
    this.child = spawn('python3', [beside('visitor.py'), name, String(seed)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let rest = '';
    this.child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      const last = lines.at(-1);
      if (last !== undefined) this.done = JSON.parse(last);
    });
    this.gone = once(this.child, 'close').then(([code, signal]) => signal ?? code);
  }
}

const kibibytes = (status, name) =>
  1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);

/** What a process has: memory in bytes, and how many of what has to be given back. */
export function holdings(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  return {
    resident: kibibytes(status, 'VmRSS'),
    anonymous: kibibytes(status, 'RssAnon'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    // Shared memory, whether it has a name, had one, or never had.
    mappings: maps.filter((line) => /\/dev\/shm|memfd:|\(deleted\)/.test(line)).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}

// What the classic wire calls its files, in corosync's words; programs of others have files there, too.
const CLASSIC = /^(control|request|response|dispatch)_buffer-/;

/** What of the classic wire lies in /dev/shm. */
export const sharedFiles = () => readdirSync('/dev/shm').filter((file) => CLASSIC.test(file));
