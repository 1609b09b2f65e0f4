// Slow consumers: what each policy of a service does with the dispatch messages of a client that
// takes none, be it that its process is stopped or that it pauses; and what the client finds when it
// goes on. Nothing here depends on time: a ring that nobody reads stays as it is.

import { readFileSync } from 'node:fs';
import { libuvPoll } from '@coroipc/adapter-libuv';
import {
  CoroIpcError,
  CS,
  type IpcClientOptions,
  type IpcConnection,
  IpcServer,
  type IpcServerOptions,
  type ServiceDefinition,
} from '@coroipc/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { eventually, expectNoneLeft, sharedFiles } from './machine.js';

interface Wire {
  readonly wire: string;
  readonly server: Partial<IpcServerOptions>;
  readonly client: Partial<IpcClientOptions>;
}

const WIRES: readonly Wire[] = [
  { wire: 'native', server: {}, client: {} },
  { wire: 'classic 1.2', server: { wires: ['classic'] }, client: { generation: '1.2' } },
  { wire: 'classic 1.4', server: { wires: ['classic'] }, client: { generation: '1.4' } },
];
const SLOW = ['stopped', 'paused'] as const;
type Slow = (typeof SLOW)[number];

const SERVICE = 7;
/** What fits the ring and the queue a few times. */
const PAYLOAD_BYTES = 300;
const MESSAGE_BYTES = PAYLOAD_BYTES + 24;
const LIMIT_MESSAGES = 10;
const LIMIT_BYTES = LIMIT_MESSAGES * MESSAGE_BYTES;
/** The id of the message after which a consumer says what it got. */
const LAST = 65535;

interface ConsumerArgument {
  readonly options: IpcClientOptions;
  readonly last: number;
}

/** Collects messages; says their numbers at the last one, and when the connection ends. */
const consume: Task<ConsumerArgument> = async (tools, { options, last }) => {
  const { IpcClient, libuvPoll, say, sleep, told } = tools;
  const client = await IpcClient.connect({ ...options, adapter: libuvPoll() });
  const got: unknown[] = [];
  const report = (what: string) => say(what, got.splice(0));
  const flows = async () => {
    while (client.flowControl) await sleep(1);
    say('flows');
  };
  const subscription = client.onMessage({
    message({ id, payload }) {
      // A message that is not whole is none of those that were sent.
      const whole = payload.every((byte) => byte === (id & 0xff));
      if (id !== last) got.push(whole ? id : `torn ${id}`);
      else {
        report('got');
        flows();
      }
    },
    ended: (error) => report(`ended ${error?.code}`),
  });
  client.on('flowControl', () => say('flow control'));
  for (;;) {
    say('at it', got.length);
    const order = await told();
    if (order === 'pause') subscription.pause();
    if (order === 'resume') subscription.resume();
  }
};

const stateOf = (pid: number): string | undefined =>
  /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];

class Consumer {
  readonly child: Child;
  readonly connection: IpcConnection;
  readonly #slow: Slow;
  #orders = 1;

  constructor(child: Child, connection: IpcConnection, slow: Slow) {
    this.child = child;
    this.connection = connection;
    this.#slow = slow;
  }

  async stop(): Promise<void> {
    if (this.#slow === 'paused') {
      await this.#order('pause');
      return;
    }
    this.child.kill('SIGSTOP');
    await eventually(() => expect(stateOf(this.child.pid)).toBe('T'));
  }

  async goOn(): Promise<void> {
    if (this.#slow === 'paused') await this.#order('resume');
    else this.child.kill('SIGCONT');
  }

  /** Waits until it has read so many messages since it last said what it got. */
  async hasRead(count: number): Promise<void> {
    while ((await this.#order('go on')) !== count);
  }

  /** Sends one message; what its sender sees. */
  send(number: number, bytes = PAYLOAD_BYTES): 'sent' | 'queued' | number {
    try {
      return this.connection.dispatch(number, Buffer.alloc(bytes, number)) ? 'sent' : 'queued';
    } catch (error) {
      if (CoroIpcError.is(error)) return error.status;
      throw error;
    }
  }

  /** Sends from number 0 while the ring takes it: how many it took, and what the next one saw. */
  fill(): { direct: number; next: 'queued' | number } {
    for (let direct = 0; ; direct += 1) {
      const seen = this.send(direct);
      if (seen !== 'sent') return { direct, next: seen };
    }
  }

  #order(what: string): Promise<unknown> {
    this.child.tell(what);
    this.#orders += 1;
    return this.child.said('at it', this.#orders);
  }
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

const matrix = WIRES.flatMap((wire) => SLOW.map((slow) => ({ ...wire, slow })));

describe.each(matrix)('wire $wire, a client that is $slow', (of) => {
  async function serve(definition: ServiceDefinition) {
    const server = new IpcServer({ name: freshName(), adapter: libuvPoll(), ...of.server });
    onTestFinished(() => server.close());
    server.service(SERVICE, { maxQueueBytes: LIMIT_BYTES, ...definition });
    const drains: IpcConnection[] = [];
    server.on('drain', (connection) => drains.push(connection));
    await server.listen();
    return { server, drains };
  }

  async function connect(server: IpcServer): Promise<Consumer> {
    const connected = new Promise<IpcConnection>((resolve) => server.once('connection', resolve));
    const options = { name: server.name, service: SERVICE, dispatchBytes: 8192, ...of.client };
    const child = Child.start(consume, { options, last: LAST });
    await child.said('at it');
    return new Consumer(child, await connected, of.slow);
  }

  async function slowAndOther(definition: ServiceDefinition) {
    const files = sharedFiles();
    onTestFinished(() => expectNoneLeft(files));
    const { server, drains } = await serve(definition);
    const slow = await connect(server);
    const other = await connect(server);
    await slow.stop();
    return { server, drains, slow, other };
  }

  /** The other one is served all the while; `before` was sent to it already. */
  async function undisturbed(other: Consumer, before: readonly number[] = []): Promise<void> {
    const times = other.child.count('got');
    for (const number of [1, 2, 3]) expect(other.send(number)).toBe('sent');
    expect(other.send(LAST)).toBe('sent');
    expect(await other.child.said('got', times + 1)).toEqual([...before, 1, 2, 3]);
    const untouched = { queuedMessages: 0, rejected: 0, dropped: 0, flowControlCount: 0 };
    expect(other.connection.stats()).toMatchObject(untouched);
    expect(other.child.count('flow control')).toBe(0);
  }

  const filled = (number: number): Buffer => Buffer.alloc(PAYLOAD_BYTES, number);

  it("'queue' takes messages up to the limit, refuses the rest, and loses none it took", async () => {
    const { server, drains, slow, other } = await slowAndOther({});
    const { direct, next } = slow.fill();
    expect(next).toBe('queued');
    const all = direct + LIMIT_MESSAGES;
    for (const number of range(direct + 1, all)) expect(slow.send(number)).toBe('queued');
    expect([slow.send(900), slow.send(901)]).toEqual([CS.ERR_TRY_AGAIN, CS.ERR_TRY_AGAIN]);
    expect(server.publish(SERVICE, 800, filled(800))).toBe(1);
    expect(slow.connection.stats()).toMatchObject({
      dispatched: direct,
      queuedMessages: LIMIT_MESSAGES,
      queuedBytes: LIMIT_BYTES,
      rejected: 3,
      dropped: 0,
      overflows: 0,
      flowControlCount: 1,
    });
    await undisturbed(other, [800]);
    expect(drains).toEqual([]);
    await slow.goOn();
    await eventually(() => expect(drains).toEqual([slow.connection]));
    expect(slow.connection.stats()).toMatchObject({ queuedMessages: 0, queuedBytes: 0 });
    await slow.hasRead(all);
    expect(slow.send(LAST)).toBe('sent');
    expect(await slow.child.said('got')).toEqual(range(0, all));
    await slow.child.said('flows');
    expect(drains).toEqual([slow.connection]);
    expect(server.stats()).toMatchObject({ rejected: 3, dropped: 0, overflows: 0 });
  });

  it("'drop-oldest' takes every message, and drops those that waited longest", async () => {
    const { server, drains, slow, other } = await slowAndOther({ overflow: 'drop-oldest' });
    const { direct, next } = slow.fill();
    expect(next).toBe('queued');
    for (const number of range(direct + 1, 200)) expect(slow.send(number)).toBe('queued');
    expect(slow.send(900, LIMIT_BYTES - 23)).toBe(CS.ERR_TRY_AGAIN);
    expect(server.publish(SERVICE, 200, filled(200))).toBe(2);
    const dropped = 201 - direct - LIMIT_MESSAGES;
    expect(slow.connection.stats()).toMatchObject({
      dispatched: direct,
      queuedMessages: LIMIT_MESSAGES,
      queuedBytes: LIMIT_BYTES,
      dropped,
      rejected: 1,
    });
    await undisturbed(other, [200]);
    expect(drains).toEqual([]);
    await slow.goOn();
    await eventually(() => expect(drains).toEqual([slow.connection]));
    const kept = [...range(0, direct), ...range(201 - LIMIT_MESSAGES, 201)];
    await slow.hasRead(kept.length);
    expect(slow.send(LAST)).toBe('sent');
    expect(await slow.child.said('got')).toEqual(kept);
    await slow.child.said('flows');
    expect(drains).toEqual([slow.connection]);
    expect(server.stats()).toMatchObject({ dropped, rejected: 1, queuedMessages: 0 });
  });

  it("'reject' refuses at a full ring, and tells when there is room", async () => {
    const { server, drains, slow, other } = await slowAndOther({ overflow: 'reject' });
    const { direct, next } = slow.fill();
    expect(next).toBe(CS.ERR_TRY_AGAIN);
    expect(server.publish(SERVICE, 800, filled(800))).toBe(1);
    expect(slow.connection.stats()).toMatchObject({
      dispatched: direct,
      queuedMessages: 0,
      queuedBytes: 0,
      rejected: 2,
      dropped: 0,
      flowControlCount: 1,
    });
    await undisturbed(other, [800]);
    expect(drains).toEqual([]);
    await slow.goOn();
    await eventually(() => expect(drains).toEqual([slow.connection]));
    expect(slow.send(direct)).toBe('sent');
    await slow.hasRead(direct + 1);
    expect(slow.send(LAST)).toBe('sent');
    expect(await slow.child.said('got')).toEqual(range(0, direct + 1));
    await slow.child.said('flows');
    // Nobody is told of room who was not told that there is none.
    for (const round of [1, 2, 3]) {
      expect(slow.send(round)).toBe('sent');
      expect(slow.send(LAST)).toBe('sent');
      expect(await slow.child.said('got', round + 1)).toEqual([round]);
    }
    expect(drains).toEqual([slow.connection]);
  });

  it("'disconnect' ends the connection at the limit, and no other", async () => {
    const ended: IpcConnection[] = [];
    const { server, drains, slow, other } = await slowAndOther({
      overflow: 'disconnect',
      disconnect: (connection) => ended.push(connection),
    });
    const { direct, next } = slow.fill();
    expect(next).toBe('queued');
    const all = direct + LIMIT_MESSAGES;
    for (const number of range(direct + 1, all)) expect(slow.send(number)).toBe('queued');
    expect(slow.send(900, LIMIT_BYTES)).toBe(CS.ERR_TRY_AGAIN);
    expect(slow.connection.closed).toBe(false);
    expect(server.publish(SERVICE, 800, filled(800))).toBe(1);
    expect(slow.connection.closed).toBe(true);
    expect(slow.send(901)).toBe(CS.ERR_LIBRARY);
    expect(ended).toEqual([slow.connection]);
    expect([...server.connections]).toEqual([other.connection]);
    expect(slow.connection.stats()).toMatchObject({ overflows: 1, rejected: 1, dropped: 0 });
    expect(server.stats()).toMatchObject({ overflows: 1, connections: 1, queuedMessages: 0 });
    await undisturbed(other, [800]);
    await slow.goOn();
    // What its ring held, and then the end.
    expect(await slow.child.said('ended ERR_COROIPC_LIBRARY')).toEqual(range(0, direct));
    expect(drains).toEqual([]);
  });
});
