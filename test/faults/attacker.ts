// The attacker's process, a line at a time: attacker/ has the program. Every command is a member of
// this class by its own name; numbers name descriptors and mappings of that process.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { buildAttacker, plainEnvironment } from './attacker/build.mjs';

/** Ends what hangs; no test measures it. */
export const GENEROUS_MS = 10_000;

/** The four seals of docs/native-wire.md. */
export const SEALS = { SEAL: 1, SHRINK: 2, GROW: 4, FUTURE_WRITE: 0x10, ALL: 0x17 } as const;

export interface Received {
  readonly bytes: Buffer;
  readonly files: readonly number[];
}

type Argument = string | number | bigint;

/** A word of memory: which mapping, where, how wide. */
export interface Word {
  readonly map: number;
  readonly at: number;
  readonly width: 4 | 8;
}

export class Attacker implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #waiting: ((line: string) => void)[] = [];
  readonly #ended: Promise<void>;
  #over = false;

  private constructor(child: ChildProcess) {
    this.#process = child;
    if (child.stdout === null) throw new Error('no output');
    // It may be killed while it is written to.
    child.stdin?.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', (line) => this.#waiting.shift()?.(line));
    this.#ended = new Promise((resolve) => {
      child.on('close', () => {
        this.#over = true;
        for (const resolve of this.#waiting.splice(0)) resolve('error the attacker ended');
        resolve();
      });
    });
  }

  static start(user: { uid?: number; gid?: number } = {}): Attacker {
    const options = { env: plainEnvironment(), ...user };
    return new Attacker(spawn(buildAttacker(), { stdio: ['pipe', 'pipe', 'inherit'], ...options }));
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** What a command answered, an error too. */
  attempt(command: string, ...rest: Argument[]): Promise<string> {
    if (this.#over) return Promise.resolve('error the attacker ended');
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#process.stdin?.write(`${[command, ...rest].join(' ')}\n`);
    });
  }

  async #told(command: string, ...rest: Argument[]): Promise<string> {
    const answer = await this.attempt(command, ...rest);
    if (answer.startsWith('error')) throw new Error(`${command} ${rest.join(' ')}: ${answer}`);
    return answer;
  }

  async #number(command: string, ...rest: Argument[]): Promise<number> {
    return Number(await this.#told(command, ...rest));
  }

  connect = (name: string): Promise<number> => this.#number('connect', name);
  listen = (name: string): Promise<number> => this.#number('listen', name);
  accept = (fd: number): Promise<number> => this.#number('accept', fd, GENEROUS_MS);
  close = (fd: number): Promise<number> => this.#number('close', fd);
  shut = (fd: number): Promise<number> => this.#number('shut', fd);

  /** Sends it all, or fails. */
  async send(fd: number, bytes: Uint8Array, ...files: number[]): Promise<void> {
    const sent = await this.#number('send', fd, hex(bytes), ...files);
    if (sent !== bytes.length) throw new Error(`only ${sent} of ${bytes.length} bytes were sent`);
  }

  /** Sends what a peer may have hung up on meanwhile. */
  async trySend(fd: number, bytes: Uint8Array, ...files: number[]): Promise<void> {
    await this.attempt('send', fd, hex(bytes), ...files);
  }

  async recv(fd: number, bytes: number, ms: number = GENEROUS_MS): Promise<Received> {
    const [text = '-', ...files] = (await this.#told('recv', fd, bytes, ms)).split(' ');
    return { bytes: Buffer.from(text === '-' ? '' : text, 'hex'), files: files.map(Number) };
  }

  /** Whether the peer hung up within the time. */
  async over(fd: number, ms: number = GENEROUS_MS): Promise<boolean> {
    return (await this.#told('over', fd, ms)) === 'over';
  }

  /** Says the same until the peer hangs up: after how many bytes; -1 when it did not in time. */
  flood = (fd: number, bytes: Uint8Array, ms: number): Promise<number> =>
    this.#number('flood', fd, hex(bytes), ms);

  crowd = (name: string, count: number, begun: Uint8Array): Promise<number> =>
    this.#number('crowd', name, count, hex(begun));
  crowdLeft = (): Promise<number> => this.#number('crowdLeft');
  disperse = (): Promise<number> => this.#number('disperse');

  memfd = (bytes: number, seals: number): Promise<number> => this.#number('memfd', bytes, seals);
  hole = (bytes: number, seals: number): Promise<number> => this.#number('hole', bytes, seals);
  seal = (fd: number, seals: number): Promise<number> => this.#number('seal', fd, seals);
  special = (kind: string): Promise<number> => this.#number('special', kind);
  file = (path: string, bytes: number, mode: number = 0o600): Promise<number> =>
    this.#number('file', path, bytes, mode);
  open = (path: string, how: 'r' | 'rw'): Promise<number> => this.#number('open', path, how);
  truncate = (fd: number, bytes: number): Promise<number> => this.#number('truncate', fd, bytes);
  fifo = (path: string): Promise<number> => this.#number('fifo', path);
  directory = (path: string): Promise<number> => this.#number('directory', path);
  symlink = (to: string, path: string): Promise<number> => this.#number('symlink', to, path);
  link = (to: string, path: string): Promise<number> => this.#number('link', to, path);
  unlink = (path: string): Promise<string> => this.attempt('unlink', path);
  rmdir = (path: string): Promise<string> => this.attempt('rmdir', path);

  map = (fd: number, bytes: number, how: 'r' | 'rw'): Promise<number> =>
    this.#number('map', fd, bytes, how);
  peek = async ({ map, at, width }: Word): Promise<bigint> =>
    BigInt(await this.#told('peek', map, at, width));
  poke = ({ map, at, width }: Word, value: number | bigint): Promise<number> =>
    this.#number('poke', map, at, width, unsigned(value));
  fill = (map: number, at: number, bytes: Uint8Array): Promise<number> =>
    this.#number('fill', map, at, hex(bytes));
  async read(map: number, at: number, bytes: number): Promise<Buffer> {
    return Buffer.from(await this.#told('read', map, at, bytes), 'hex');
  }
  post = (map: number, at: number): Promise<number> => this.#number('post', map, at);
  /** One value or the other, as fast as a thread can, until {@link still}. */
  flip = ({ map, at, width }: Word, one: number | bigint, other: number | bigint) =>
    this.#number('flip', map, at, width, unsigned(one), unsigned(other));
  still = (): Promise<number> => this.#number('still');

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#ended;
  }
}

const hex = (bytes: Uint8Array): string =>
  bytes.length === 0 ? '-' : Buffer.from(bytes).toString('hex');

const unsigned = (value: number | bigint): bigint => BigInt.asUintN(64, BigInt(value));
