// A server in a process of its own that is attacked while somebody else uses it, and what has to be
// true after each attack: it lives, the others were served meanwhile, the offender is gone with a
// reason that was counted and logged, and everything it held came back.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { IpcClient, type IpcServerOptions } from '@coroipc/core';
import { expect, vi } from 'vitest';
import { passedOn } from '../process/environment.js';
import { type Holdings, holdings, sharedFiles } from '../process/machine.js';
import { Attacker, GENEROUS_MS } from './attacker.js';

const SERVE = fileURLToPath(new URL('./fixtures/serve.mjs', import.meta.url));

export type Api = 'people' | 'c';

export const SERVICE = 3;
export const COMMAND = { HOLD: 1, ECHO: 2, BURST: 4, BUFFER: 5 } as const;

export interface VictimOptions {
  readonly limits?: NonNullable<IpcServerOptions['limits']>;
  readonly wires?: IpcServerOptions['wires'];
  readonly services?: readonly number[];
  readonly inPlace?: boolean;
  readonly mode?: number;
  readonly owner?: { uid?: number; gid?: number };
  /** Who is let in; everybody where it is not said. */
  readonly authenticate?: { uids?: number[]; gids?: number[]; throws?: number[] };
  /** What the check says of everybody, by its name in the fixture. */
  readonly verdict?: string;
  readonly name?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** What a server counted: of IpcServer its stats, of coroipcs the values by their C names. */
export type Report = Readonly<Record<string, number>>;

let names = 0;
export const freshName = (): string => `coroipc-faults-${process.pid}-${++names}`;

export const eventually = (assertion: () => unknown): Promise<unknown> =>
  vi.waitFor(assertion, { timeout: GENEROUS_MS, interval: 5 });

export class Victim implements AsyncDisposable {
  readonly name: string;
  readonly api: Api;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #errors = '';
  #over = false;

  private constructor(name: string, api: Api, child: ChildProcess) {
    this.name = name;
    this.api = api;
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.#ended = new Promise((resolve) => {
      child.on('close', () => {
        this.#over = true;
        resolve();
      });
    });
  }

  static async start(api: Api, options: VictimOptions = {}): Promise<Victim> {
    const { uid, gid, name = freshName(), ...rest } = options;
    const given = { services: [SERVICE], wires: ['native', 'classic'], ...rest };
    const child = fork(SERVE, [name, api, JSON.stringify(given)], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      env: { ...passedOn(), NODE_DEBUG: 'coroipc' },
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    const victim = new Victim(name, api, child);
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      victim.#ended.then(() => reject(new Error(`it did not start: ${victim.#errors}`)));
    });
    return victim;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get alive(): boolean {
    return !this.#over;
  }

  /** All that it wrote to its log so far. */
  get log(): string {
    return this.#errors;
  }

  holdings(): Holdings {
    return holdings(this.pid);
  }

  /** What it has counted. */
  async report(): Promise<Report> {
    const answer = new Promise<Report>((resolve, reject) => {
      this.#child.once('message', (message: { answer: Report }) => resolve(message.answer));
      this.#ended.then(() =>
        reject(
          new Error(
            `the server ended (${this.#child.signalCode ?? this.#child.exitCode}): ${this.#errors}`,
          ),
        ),
      );
    });
    this.#child.send('report');
    return answer;
  }

  /** Has its check say something else from now on. */
  async judge(verdict: string): Promise<void> {
    this.#child.send({ verdict });
    await this.report();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** Somebody else, who calls the same server all the time. */
export class Bystander implements AsyncDisposable {
  readonly #client: IpcClient;
  calls = 0;
  #over = false;
  readonly #calling: Promise<void>;

  private constructor(client: IpcClient) {
    this.#client = client;
    this.#calling = this.#call();
  }

  static async of(victim: Victim): Promise<Bystander> {
    return new Bystander(await IpcClient.connect({ name: victim.name, service: SERVICE }));
  }

  async #call(): Promise<void> {
    while (!this.#over) {
      const text = String(this.calls);
      const answer = await this.#client.call(COMMAND.ECHO, text, { timeoutMs: GENEROUS_MS });
      if (answer.toString() !== text) throw new Error(`${text} was answered with ${answer}`);
      this.calls++;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Waits until calls that begin from now on were answered; fails if one failed. */
  async served(): Promise<void> {
    const before = this.calls;
    await Promise.race([
      this.#calling,
      eventually(() => expect(this.calls).toBeGreaterThan(before + 1)),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#calling;
    await this.#client.close();
  }
}

/** What attackers of this process left in /dev/shm; others have files there, too. */
const ourFiles = (): string[] =>
  sharedFiles().filter((file) => file.startsWith(`coroipc-faults-${process.pid}-`));

/** What comes of an attack. */
export interface Outcome {
  /** What the log says of it. */
  readonly log?: RegExp;
  /** What is counted, by the name that IpcServer gives it. */
  readonly counts?: string;
}

const C_NAMES: Readonly<Record<string, string>> = {
  invalidRequests: 'invalid_request',
  breaches: 'breach',
};

/** A whole attack: what has to be true of the victim before, meanwhile and after. */
export async function under(
  victim: Victim,
  bystander: Bystander,
  outcome: Outcome,
  attack: (raw: Attacker, name: string) => Promise<void>,
): Promise<void> {
  const before = victim.holdings();
  const reported = await victim.report();
  const logged = victim.log.length;
  const raw = Attacker.start();
  try {
    await attack(raw, victim.name);
    await bystander.served();
    if (outcome.log !== undefined)
      await eventually(() => expect(victim.log.slice(logged)).toMatch(outcome.log as RegExp));
  } finally {
    await raw[Symbol.asyncDispose]();
  }
  await using client = await IpcClient.connect({ name: victim.name, service: SERVICE });
  expect(client.callSync(COMMAND.ECHO, 'a new one').toString()).toBe('a new one');
  await client.close();
  await bystander.served();
  await eventually(() => expect(victim.holdings()).toEqual(before));
  await eventually(() => expect(ourFiles()).toEqual([]));
  const { counts } = outcome;
  const key = counts === undefined || victim.api === 'people' ? counts : C_NAMES[counts];
  if (key !== undefined)
    expect((await victim.report())[key] ?? 0).toBeGreaterThan(reported[key] ?? 0);
  expect(victim.log.slice(logged)).not.toMatch(/uncaught/);
  expect(victim.alive).toBe(true);
}
