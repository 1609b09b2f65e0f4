// A child process as main.mjs sees it. The other end is lifetime.mjs.
//
// `ended` always resolves, and then `death` says whether the child ended as it should: told to
// stop, by itself, with code 0.

import { fork } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

// The time for a child to become ready, and to end once it has been told to.
const START_MS = 30_000;
const STOP_MS = 5000;

export class Child {
  /** @type {string} */
  role;
  /** @type {Record<string, any> | undefined} What the child measured, its latest report. */
  figures;
  /** @type {string | undefined} Why the child gave up, in its own words. */
  fatal;
  /** @type {string | undefined} How it ended, if that was not as it should be. */
  death;
  /** @type {Promise<void>} */
  ready;
  /** @type {Promise<void>} */
  ended;
  #process;
  #told = false;
  #late = false;

  /**
   * @param {string} role what it is called
   * @param {string[]} args
   * @param {{
   *   module?: string, program?: string, quiet: boolean,
   *   figures?: (figures: Record<string, any>) => void
   * }} options `module`: what it runs, by default the module of its name; `program`: the runtime
   *   that runs it, by default Node; `quiet`: its standard output goes nowhere
   */
  constructor(role, args, { module = role, program, quiet, figures }) {
    this.role = role;
    this.#process = fork(fileURLToPath(new URL(`${module}.mjs`, import.meta.url)), args, {
      stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'inherit', 'ipc'],
      ...(program && { execPath: program, execArgv: optionsOf(program) }),
    });
    // A message to a child that is gone is nothing: what matters is heard from 'exit'.
    this.#process.on('error', (error) => {
      if (this.#process.pid === undefined) this.fatal = error.message;
    });
    this.ready = new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        reject(new Error(`the ${role} process was not ready after ${START_MS / 1000} s`));
      }, START_MS);
      this.#process.on('message', (/** @type {any} */ message) => {
        if (message.ready) {
          clearTimeout(limit);
          resolve();
        }
        if (message.figures !== undefined) {
          this.figures = message.figures;
          figures?.(message.figures);
        }
        this.fatal ??= message.fatal;
      });
      this.#process.once('exit', () => clearTimeout(limit));
    });
    this.ended = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => {
        this.death = this.#deathOf(code, signal);
        resolve();
      });
    });
  }

  /** @param {object} message */
  send(message) {
    if (this.#process.connected) this.#process.send(message);
  }

  /** Tells it to end, and waits until it has. One that does not end is killed. */
  async stop() {
    this.#told = true;
    this.send({ stop: true });
    const limit = setTimeout(() => {
      this.#late = true;
      this.#process.kill('SIGKILL');
    }, STOP_MS);
    await this.ended;
    clearTimeout(limit);
  }

  /**
   * @param {number | null} code
   * @param {NodeJS.Signals | null} signal
   */
  #deathOf(code, signal) {
    const who = `the ${this.role} process`;
    if (this.#late) return `${who} did not end within ${STOP_MS / 1000} s and was killed`;
    if (signal !== null) return `${who} was killed by ${signal}`;
    if (this.fatal !== undefined) return `${who} failed: ${this.fatal}`;
    if (code !== 0) return `${who} ended with code ${code}`;
    return this.#told ? undefined : `${who} ended before its time`;
  }
}

/**
 * What a runtime has to be told before the script's name.
 * @param {string} program
 */
function optionsOf(program) {
  return basename(program).startsWith('deno') ? ['run', '--allow-all', '--no-lock'] : [];
}
