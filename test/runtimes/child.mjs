// A part of a test, run in a process of its own by the same runtime: real memory, real sockets, real
// kills. A part is one of the `tasks` that its module exports, a function of an argument and of what
// tell.mjs has.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { command } from './runtime.mjs';

const TASK = fileURLToPath(new URL('task.mjs', import.meta.url));
// Ends what hangs; no test measures it.
const GENEROUS_MS = 30_000;

const running = new Set();

/** Ends every child that still runs: after each test. */
export async function endChildren() {
  for (const child of running) child.kill();
  await Promise.all([...running].map((child) => child.over));
}

/** Waits until `condition` holds. */
export async function until(what, condition) {
  const end = Date.now() + GENEROUS_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export class Child {
  #process;
  #lines = [];
  #output = '';
  #rest = '';
  #errors = '';
  #ended;
  /** Resolves when it has ended, to its exit code or its signal. */
  over;

  /** Starts a script of this runtime. */
  constructor(args) {
    const [program, ...options] = command;
    this.#process = spawn(program, [...options, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stdout.setEncoding('utf8').on('data', (text) => this.#take(text));
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors += text;
    });
    this.#process.stdin.on('error', () => {});
    running.add(this);
    this.over = new Promise((resolve) => {
      this.#process.on('close', (code, signal) => {
        running.delete(this);
        this.#ended = signal ?? code;
        resolve(this.#ended);
      });
    });
  }

  /** Starts a task of the module of that URL. */
  static start(module, name, argument = {}) {
    return new Child([TASK, module, name, JSON.stringify(argument)]);
  }

  get pid() {
    return this.#process.pid;
  }

  /** Everything that came with what the child said by this word. */
  values(what) {
    return this.#lines.filter(([said]) => said === what).map(([, value]) => value);
  }

  /** What came with this word, once it was said. */
  async said(what) {
    await until(`"${what}" of a child`, () => {
      if (this.values(what).length > 0) return true;
      if (this.#ended !== undefined) throw new Error(`it never said "${what}": ${this.#story()}`);
      return false;
    });
    return this.values(what)[0];
  }

  /** Ends its standard input, which `told()` waits for. */
  tell() {
    this.#process.stdin.end();
  }

  kill(signal = 'SIGKILL') {
    if (this.#ended === undefined) process.kill(this.pid, constants.signals[signal]);
  }

  /** Waits for its end, which has to be of this exit code or signal, and without a word of complaint. */
  async endsWith(outcome, complaint = /^$/) {
    await until('the end of a child', () => this.#ended !== undefined);
    if (this.#ended !== outcome || !complaint.test(this.#errors)) {
      throw new Error(`not ${outcome} and ${complaint}, but ${this.#story()}`);
    }
  }

  /** Everything it wrote, standard error included. */
  get output() {
    return this.#output + this.#errors;
  }

  #take(text) {
    this.#output += text;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop();
    for (const line of lines) if (line.startsWith('[')) this.#lines.push(JSON.parse(line));
  }

  #story() {
    return `outcome ${this.#ended}, output ${JSON.stringify(this.output.slice(-2000))}`;
  }
}

let names = 0;
/** A socket name that nobody else uses. */
export const freshName = () => `coroipc-runtimes-${process.pid}-${++names}`;
