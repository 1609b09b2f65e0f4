// Processes of the interop tests: a server that says "ready", and a client that plays one scenario
// and reports in one line of JSON. C programs and our own fixtures speak alike, so that each test
// can be put to every pair of them.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { buildPeers } from './peers/build.mjs';

export type Generation = '1.2' | '1.4';
export const GENERATIONS: readonly Generation[] = ['1.2', '1.4'];

/** A program and its first arguments. */
export type Program = readonly [string, ...string[]];

const fixture = (name: string): Program => [
  process.execPath,
  fileURLToPath(new URL(`./fixtures/${name}.mjs`, import.meta.url)),
];

/** The C programs, compiled when they are out of date. */
export function classicPeers(): { client: Program; server: Program } {
  const { client, server } = buildPeers();
  return { client: [client], server: [server] };
}

export const ourServer: Program = fixture('serve');
export const ourClient = (api: 'people' | 'coroipcc'): Program => {
  const [node, file] = fixture('use') as [string, string];
  return [node, file, '--api', api];
};

// Who has not come to an end, or said anything, by then, hangs. A client is killed then, and its
// report is missing.
const GENEROUS_MS = 60_000;

// What still runs when the tests end, or are ended, must not outlive them.
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

function start(program: Program, ...rest: string[]) {
  const [command, ...first] = program;
  const child = spawn(command, [...first, ...rest], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  child.on('close', () => children.delete(child));
  return child;
}

let names = 0;
/** A socket name that nobody else uses. */
export const freshName = (): string => `coroipc-interop-${process.pid}-${++names}`;

/** What a client found out. `why` is there when `ok` is not. */
export interface Report {
  readonly ok: boolean;
  readonly why?: string;
  readonly calls: number;
  readonly dispatches: number;
  readonly status: number;
  readonly flowControlled: boolean;
  /** The event bytes that the scenario `trace` saw, a digit each. */
  readonly events?: string;
}

export interface Ended {
  /** The line of JSON; undefined when the process ended without one. */
  readonly report: Report | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

export interface ClientFlags {
  readonly service?: number;
  readonly request?: number;
  readonly response?: number;
  readonly dispatch?: number;
  readonly reader?: 'get' | 'fd' | 'recv' | 'event';
  readonly stall?: number;
  /** How our client for people calls: by turns where it is not said. */
  readonly calls?: 'sync' | 'async';
}

const asArguments = (flags: ClientFlags): string[] =>
  Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]);

/** Runs a client to its end, against this server or the one of this name. */
export async function play(
  program: Program,
  server: ServerProcess | string,
  generation: Generation,
  scenario: string,
  flags: ClientFlags = {},
): Promise<Ended> {
  const name = typeof server === 'string' ? server : server.name;
  if (typeof server !== 'string' && scenario !== 'refused') server.expectConnection();
  const rest = [...asArguments(flags), name, generation, ...scenario.split(' ')];
  const child = start(program, ...rest);
  const overdue = setTimeout(() => child.kill('SIGKILL'), GENEROUS_MS);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(overdue);
  const line = output.trim();
  return { report: line === '' ? undefined : JSON.parse(line), code, signal, errors };
}

/** A server's process, from "ready" to its end. */
export class ServerProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #errors = '';
  #changed: () => void = () => {};
  #ended = false;
  #expected = 0;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      this.#lines.push(...lines);
      this.#changed();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    child.on('close', () => {
      this.#ended = true;
      this.#changed();
    });
  }

  static async start(program: Program, ...rest: string[]): Promise<ServerProcess> {
    const name = freshName();
    const server = new ServerProcess(name, start(program, name, ...rest));
    await server.said('ready');
    return server;
  }

  /** What the server wrote to standard error. */
  get errors(): string {
    return this.#errors;
  }

  get running(): boolean {
    return !this.#ended;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** How often the server has printed this line so far. */
  count(line: string): number {
    return this.#lines.filter((one) => one === line).length;
  }

  /** Waits until the server has printed this line `times` times. */
  async said(line: string, times = 1): Promise<void> {
    while (this.count(line) < times) await this.#change(`it said "${line}"`);
  }

  /** One more client will connect before the server is {@link alone} again. */
  expectConnection(): void {
    this.#expected++;
  }

  /** Waits until every client that was to connect has done so and was seen to go. */
  async alone(): Promise<void> {
    const counted = (what: string) => this.#lines.filter((line) => line.startsWith(what)).length;
    while (counted('connected') < this.#expected || counted('disconnected') < this.#expected) {
      await this.#change('it was alone');
    }
  }

  async #change(what: string): Promise<void> {
    if (this.#ended) throw new Error(`the server ended before ${what}: ${this.#errors}`);
    const came = await new Promise<boolean>((resolve) => {
      const overdue = setTimeout(() => resolve(false), GENEROUS_MS);
      this.#changed = () => {
        clearTimeout(overdue);
        resolve(true);
      };
    });
    if (!came) throw new Error(`nothing from the server for ${GENEROUS_MS} ms, before ${what}`);
  }

  /** Sends a signal and waits for the end: the exit code, or the signal's name. */
  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    if (!this.#ended) {
      const closed = once(this.#child, 'close');
      this.#child.kill(signal);
      await closed;
    }
    return this.#child.exitCode ?? this.#child.signalCode;
  }
}
