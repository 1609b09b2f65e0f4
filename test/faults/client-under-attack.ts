// A client in a process of its own, by every API, and the hostile servers that it meets.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { IpcClientOptions } from '@coroipc/core';
import { type Holdings, holdings } from '../process/machine.js';
import type { Attacker } from './attacker.js';
import {
  attach,
  hello,
  memory,
  NativePeer,
  PAGE,
  ready,
  type Welcome,
  welcome,
} from './native-wire.js';

const USE = fileURLToPath(new URL('./fixtures/use.mjs', import.meta.url));

export const CLIENT_APIS = ['IpcClient, by promises', 'IpcClient, blocking', 'coroipcc'] as const;
export type ClientApi = (typeof CLIENT_APIS)[number];

export interface Asked extends Partial<IpcClientOptions> {
  readonly name: string;
  readonly timeoutMs: number;
  /** An answer, one message, or all messages up to the end of the connection. */
  readonly wants: 'answer' | 'message' | 'end';
}

/** How far the client came, and the status that it was told. */
export interface Told {
  readonly at: 'connect' | 'call';
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}

export class ClientProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #over = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.on('close', () => {
        this.#over = true;
        resolve();
      });
    });
  }

  static async start(): Promise<ClientProcess> {
    const client = new ClientProcess(fork(USE, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    await client.#message();
    return client;
  }

  get alive(): boolean {
    return !this.#over;
  }

  holdings(): Holdings {
    return holdings(this.#child.pid ?? 0);
  }

  #message(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#child.once('message', resolve);
      this.#ended.then(() => reject(new Error('the client process ended')));
    });
  }

  async use(api: ClientApi, asked: Asked): Promise<Told> {
    const told = this.#message();
    this.#child.send({ api, ...asked });
    return (await told) as Told;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** The request, response and dispatch rings that the client of the fixture wants. */
export const RINGS = [4096n, 4096n, 4096n] as const;
export const SERVER_BYTES: number = PAGE + 2 * 4096;

/** A server's side up to the welcome: the socket of who connected, after it said hello. */
export async function greeted(raw: Attacker, listener: number): Promise<number> {
  const socket = await raw.accept(listener);
  await raw.recv(socket, hello().length);
  return socket;
}

/** A server that keeps every rule of the handshake; `mine` is its own memory. */
export async function serveNative(
  raw: Attacker,
  listener: number,
  fields: Welcome = {},
): Promise<NativePeer> {
  const socket = await greeted(raw, listener);
  const mine = await memory(raw, SERVER_BYTES);
  await raw.send(socket, welcome({ rings: RINGS, ...fields }), mine.file);
  const { files } = await raw.recv(socket, attach().length);
  const theirs = await raw.map(files[0] as number, PAGE + 4096, 'r');
  await raw.send(socket, ready());
  return new NativePeer(raw, socket, mine.map, theirs);
}
