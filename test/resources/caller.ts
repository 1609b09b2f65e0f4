// A client in a process of its own, which does as it is told and says what came of it.

import { Child, type ChildOptions, type Task } from '../process/child.js';
import { type Over, SPEAKS, type Speaks } from '../process/wires.js';
import type { Failed } from './scarcity.js';
import { STARVING_SERVICE } from './starving-server.js';

/** What it can be told. */
export type Order =
  | { readonly connect: Readonly<Record<string, unknown>> }
  | { readonly call: number; readonly bytes?: number; readonly u32?: number }
  | { readonly silence: number; readonly times: number; readonly bytes: number }
  | { readonly addressSpace: number }
  | { readonly buffer: number }
  | { readonly zcb: number; readonly speaks: Speaks }
  | 'no thread'
  | 'give back'
  | 'received'
  | 'close';

interface Argument {
  readonly name: string;
  readonly service: number;
  readonly adapter: string;
}

const obey: Task<Argument> = async (tools, { name, service, adapter }) => {
  const { IpcClient, coroipcc, libuvPoll, threadPoll, scarce, say, told } = tools;
  const poll = adapter === 'thread' ? threadPoll : libuvPoll;
  const clients: Awaited<ReturnType<typeof IpcClient.connect>>[] = [];
  let received = 0;
  const run = async (order: Order): Promise<unknown> => {
    if (order === 'give back') return scarce.giveBack();
    if (order === 'no thread') return scarce.leaveNoThread();
    if (order === 'received') return received;
    if (order === 'close') return clients.pop()?.close();
    if ('addressSpace' in order) return scarce.leaveAddressSpace(order.addressSpace);
    if ('connect' in order) {
      const options = { name, service, adapter: poll(), ...order.connect };
      const client = await IpcClient.connect(options as { name: string; service: number });
      client.on('dispatch', () => {
        received += 1;
      });
      clients.push(client);
      return undefined;
    }
    if ('zcb' in order) {
      const handle = coroipcc.serviceConnect(name, service, 4096, 4096, 4096, order.speaks);
      try {
        coroipcc.zcbFree(handle, coroipcc.zcbAlloc(handle, order.zcb, 24));
      } finally {
        coroipcc.serviceDisconnect(handle);
      }
      return undefined;
    }
    const client = clients.at(-1) as (typeof clients)[number];
    if ('buffer' in order) return (await client.createBuffer(order.buffer)).free();
    if ('silence' in order) {
      const codes: unknown[] = [];
      for (let left = order.times; left > 0; left--) {
        client.call(order.silence, Buffer.alloc(order.bytes)).catch(({ code }) => codes.push(code));
      }
      await tools.sleep(10);
      return { stats: client.stats(), codes };
    }
    const payload = Buffer.alloc(order.bytes ?? 4);
    if (order.u32 !== undefined) payload.writeUInt32LE(order.u32);
    return (await client.call(order.call, payload)).toString();
  };
  for (;;) {
    const order = (await told()) as Order;
    try {
      say('done', { value: (await run(order)) ?? null });
    } catch (error) {
      const { code, errno, syscall, message } = error as NodeJS.ErrnoException;
      say('done', { failed: { code, errno, syscall, message } });
    }
  }
};

export class Caller {
  readonly child: Child;
  #orders = 0;

  constructor(
    server: { readonly name: string },
    options: { readonly adapter?: 'libuv' | 'thread'; readonly process?: ChildOptions } = {},
  ) {
    const { adapter = 'libuv', process = {} } = options;
    const argument = { name: server.name, service: STARVING_SERVICE, adapter };
    this.child = Child.start(obey, argument, process);
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Has it do something that works. */
  async does(order: Order): Promise<unknown> {
    const { value, failed } = await this.#order(order);
    if (failed !== undefined) throw new Error(`${JSON.stringify(order)} failed: ${failed.message}`);
    return value;
  }

  /** Has it do something that fails. */
  async fails(order: Order): Promise<Failed> {
    const { failed } = await this.#order(order);
    if (failed === undefined) throw new Error(`${JSON.stringify(order)} did not fail`);
    return failed;
  }

  async #order(order: Order): Promise<{ value?: unknown; failed?: Failed }> {
    this.child.tell(order);
    this.#orders += 1;
    return (await this.child.said('done', this.#orders)) as { value?: unknown; failed?: Failed };
  }
}

/** To connect over a wire, with rings and buffers of one size. */
export const connectOver = (
  over: Over,
  bytes = 8192,
  more: Readonly<Record<string, unknown>> = {},
): { connect: Record<string, unknown> } => ({
  connect: {
    requestBytes: bytes,
    responseBytes: bytes,
    dispatchBytes: bytes,
    ...SPEAKS[over],
    ...more,
  },
});

/** To make and free a zero-copy buffer, in the way that the wire has. */
export const makeOver = (over: Over, bytes: number): Order =>
  over === 'native' ? { buffer: bytes } : { zcb: bytes, speaks: SPEAKS[over] };
