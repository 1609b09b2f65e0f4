// A function of a test, run in a process of its own: real memory, real sockets, real kills. The
// function is handed over as text, so it sees nothing of the test but its two parameters.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EpollLoop, epollPoll } from '@coroipc/adapter-epoll';
import type { libuvPoll } from '@coroipc/adapter-libuv';
import type * as rx from '@coroipc/adapter-rxjs';
import type * as core from '@coroipc/core';
import type { PollDescriptors } from '@coroipc/core/testing';
import type * as rxjs from 'rxjs';
import { onTestFinished } from 'vitest';
import type * as scarce from '../resources/fixtures/scarce.mjs';
import { passedOn } from './environment.js';

const TASK = fileURLToPath(new URL('./fixtures/task.mjs', import.meta.url));
/** Ends what hangs; no test measures it. */
export const GENEROUS_MS = 60_000;

type Core = typeof core;

/** What a task has besides its argument. */
export interface Tools extends Core {
  readonly libuvPoll: typeof libuvPoll;
  /** @coroipc/adapter-rxjs. */
  readonly rx: typeof rx;
  readonly rxjs: typeof rxjs;
  readonly EpollLoop: typeof EpollLoop;
  readonly epollPoll: typeof epollPoll;
  /** Connected pairs of sockets, by number. */
  readonly descriptors: PollDescriptors;
  /** What starves this process. */
  readonly scarce: typeof scarce;
  readonly adapters: { readonly libuv: typeof libuvPoll; readonly thread: Core['threadPoll'] };
  /** Makes one of the adapters of test/conformance/cast.mjs. */
  adapterOf(name: string): Promise<core.PollAdapter>;
  /** Tells the test something. */
  say(what: string, value?: unknown): void;
  /** What the test tells next; keeps the process alive meanwhile. */
  told(): Promise<unknown>;
  sleep(ms: number): Promise<void>;
  /** Keeps the process alive for ever. */
  never(): Promise<never>;
}

export type Task<Argument> = (tools: Tools, argument: Argument) => unknown;
export type AdapterName = 'libuv' | 'thread';

export interface ChildOptions {
  readonly uid?: number;
  readonly gid?: number;
  /** Options of node itself. */
  readonly node?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that runs it in surroundings of its own, as unshare(1) does. */
  readonly through?: readonly string[];
}

export interface Ended {
  /** The exit code, or the signal that ended it. */
  readonly outcome: number | NodeJS.Signals | null;
  readonly errors: string;
  /** Everything that was said, in order. */
  readonly said: readonly string[];
}

export class Child {
  readonly #process: ChildProcess;
  readonly #lines: [string, unknown][] = [];
  readonly #ended: Promise<Ended>;
  #errors = '';
  #over = false;
  #wake: (() => void)[] = [];

  private constructor(child: ChildProcess) {
    this.#process = child;
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#lines.push(JSON.parse(line));
      this.#changed();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.#ended = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        this.#over = true;
        this.#changed();
        const said = this.#lines.map(([what]) => what);
        resolve({ outcome: signal ?? code, errors: this.#errors, said });
      });
    });
  }

  /** Starts a task; it is killed when the test is over. */
  static start(task: Task<Record<string, never>>): Child;
  static start<Argument>(task: Task<Argument>, argument: Argument, options?: ChildOptions): Child;
  static start(task: Task<never>, argument: unknown = {}, options: ChildOptions = {}): Child {
    const { node = [], through = [], uid, gid } = options;
    const [command = process.execPath, ...rest] = [...through, process.execPath];
    const child = new Child(
      spawn(command, [...rest, ...node, TASK, String(task), JSON.stringify(argument)], {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: { ...passedOn(), ...options.env },
        ...(uid === undefined ? {} : { uid }),
        ...(gid === undefined ? {} : { gid }),
      }),
    );
    onTestFinished(async () => {
      child.kill();
      await child.#ended;
    });
    return child;
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error('the process did not start');
    return this.#process.pid;
  }

  get errors(): string {
    return this.#errors;
  }

  /** What came with the `nth` time that the child said this. */
  async said(what: string, nth = 1): Promise<unknown> {
    const end = Date.now() + GENEROUS_MS;
    for (;;) {
      const found = this.#lines.filter(([said]) => said === what)[nth - 1];
      if (found !== undefined) return found[1];
      if (this.#over || Date.now() > end)
        throw new Error(`it never said "${what}" ${this.#story()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** How often the child said this so far. */
  count(what: string): number {
    return this.#lines.filter(([said]) => said === what).length;
  }

  /** Everything that came with what the child said by this word. */
  values(what: string): unknown[] {
    return this.#lines.filter(([said]) => said === what).map(([, value]) => value);
  }

  tell(message: unknown): void {
    this.#process.send(message as object);
  }

  /** `kill -9`, unless another signal is named. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (!this.#over) this.#process.kill(signal);
  }

  /** Waits for the end of the process. */
  async ended(): Promise<Ended> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`it does not end ${this.#story()}`)), GENEROUS_MS);
    });
    try {
      return await Promise.race([this.#ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #story(): string {
    const said = this.#lines.slice(-5).map((line) => JSON.stringify(line));
    return `(said ${said.join(' ') || 'nothing'}; ${this.#errors || 'no errors'})`;
  }

  #changed(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const one of wake) one();
  }
}

let names = 0;
/** A socket name that nobody else uses. */
export const freshName = (): string => `coroipc-process-${process.pid}-${++names}`;
