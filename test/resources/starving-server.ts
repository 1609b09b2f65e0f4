// A server in a process of its own that starves itself when it is told to, and that says what it logs.

import type { IpcConnection, OverflowPolicy } from '@coroipc/core';
import { Child, type ChildOptions, freshName, type Task } from '../process/child.js';
import { WIRES } from '../process/wires.js';

/** What it is told to do; it says "done" after each. */
export type Order =
  | { readonly descriptors: number }
  | { readonly addressSpace: number }
  | { readonly pour: number }
  | 'no thread'
  | 'give back'
  | 'stats';

interface Argument {
  readonly name: string;
  readonly adapter: string;
  readonly wires: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  readonly overflow: OverflowPolicy;
}

const serve: Task<Argument> = async (tools, { name, adapter, wires, limits, overflow }) => {
  const { CoroIpcError, IpcServer, say, told, libuvPoll, threadPoll, epollPoll, scarce } = tools;
  const adapters = { libuv: libuvPoll, thread: threadPoll, epoll: epollPoll };
  const server = new IpcServer({
    name,
    wires: wires as ['native', 'classic'],
    limits,
    authenticate: () => true,
    adapter: adapters[adapter as keyof typeof adapters](),
    ...(name.startsWith('/') ? { mode: 0o777 } : {}),
  });
  const thirsty: IpcConnection[] = [];
  const pour = (connection: IpcConnection, count: number) => {
    let taken = 0;
    for (let left = count; left > 0; left--) {
      try {
        connection.dispatch(1, 'few bytes');
        taken += 1;
      } catch (error) {
        if (!CoroIpcError.is(error)) throw error;
      }
    }
    say('dispatched', taken);
  };
  server.service(7, {
    overflow,
    connect: () => say('connected'),
    disconnect: () => say('disconnected'),
    requests: {
      1: ({ payload }) => payload,
      // Asks for a zero-copy buffer on its side, and answers with the status.
      2: async ({ connection }) => {
        try {
          (await connection.createBuffer(1000)).free();
          return 'made';
        } catch (error) {
          return String((error as { code: string }).code);
        }
      },
      // Has dispatch messages sent to it, at the next order to pour.
      3: ({ connection }) => {
        thirsty.push(connection);
        return '';
      },
      // Never answers.
      4: () => undefined,
    },
  });
  await server.listen();
  say('ready');
  for (;;) {
    const order = (await told()) as Order;
    if (order === 'give back') scarce.giveBack();
    else if (order === 'no thread') scarce.leaveNoThread();
    else if (order === 'stats') say('stats', server.stats());
    else if ('pour' in order) for (const one of thirsty.splice(0)) pour(one, order.pour);
    else if ('descriptors' in order) scarce.leaveDescriptors(order.descriptors);
    else scarce.leaveAddressSpace(order.addressSpace);
    say('done');
  }
};

export const STARVING_SERVICE = 7;
export const STARVING = { ECHO: 1, MAKE_BUFFER: 2, POUR: 3, SILENCE: 4 } as const;

export class StarvingServer {
  readonly name: string;
  readonly child: Child;
  #orders = 0;

  private constructor(name: string, child: Child) {
    this.name = name;
    this.child = child;
  }

  static async start(
    options: {
      name?: string;
      adapter?: 'libuv' | 'thread' | 'epoll';
      limits?: Record<string, number>;
      overflow?: OverflowPolicy;
      process?: ChildOptions;
    } = {},
  ): Promise<StarvingServer> {
    const { name = freshName(), adapter = 'libuv', limits = {}, overflow = 'queue' } = options;
    const child = Child.start(
      serve,
      { name, adapter, wires: WIRES, limits, overflow },
      { env: { NODE_DEBUG: 'coroipc' }, ...options.process },
    );
    await child.said('ready');
    return new StarvingServer(name, child);
  }

  get pid(): number {
    return this.child.pid;
  }

  async order(order: Order): Promise<void> {
    this.child.tell(order);
    this.#orders += 1;
    await this.child.said('done', this.#orders);
  }

  async stats(): Promise<Record<string, number>> {
    await this.order('stats');
    return this.child.values('stats').at(-1) as Record<string, number>;
  }

  /** Waits until as many connections as `open` are left. */
  async settled(open = 1): Promise<void> {
    while ((await this.stats())['connections'] !== open);
  }

  /** What it has logged. */
  get log(): string {
    return this.child.errors;
  }
}
