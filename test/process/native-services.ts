// What the tests of the native wire share: a server in a process of its own that answers when it is
// told to, and small words about calls.

import {
  CoroIpcError,
  IpcClient,
  type IpcClientOptions,
  type IpcServerOptions,
} from '@coroipc/core';
import { onTestFinished } from 'vitest';
import { Child, freshName, type Task } from './child.js';

/** Its one service. */
export const SERVICE = 3;

/** Its commands. A payload begins with a number of the caller's choice. */
export const COMMAND = {
  /** Says "held" with the number, and answers with the payload when the number is released. */
  HOLD: 1,
  /** Answers with the payload. */
  ECHO: 2,
  /** Answers with the payload after as many milliseconds as its second u32 says. */
  LATE: 3,
  /** Sends as many dispatch messages as the number says, of as many bytes as the second u32 says, then answers. */
  BURST: 4,
  /** Answers, and does as BURST after as many milliseconds as the third u32 says. */
  DELAYED_BURST: 5,
} as const;

interface HoldArgument {
  readonly name: string;
  readonly service: number;
  readonly command: typeof COMMAND;
  readonly limits: NonNullable<IpcServerOptions['limits']>;
}

const hold: Task<HoldArgument> = async (tools, { name, service, command, limits }) => {
  const { IpcServer, say, sleep, told } = tools;
  const server = new IpcServer({ name, limits });
  const held = new Map<number, () => void>();
  type Connection = Parameters<NonNullable<Parameters<typeof server.service>[1]['connect']>>[0];
  const burst = (payload: Buffer, connection: Connection) => {
    const body = Buffer.alloc(payload.readUInt32LE(4));
    for (let number = 0; number < payload.readUInt32LE(); number++) {
      body.writeUInt32LE(number);
      connection.dispatch(1, body);
    }
  };
  server.service(service, {
    disconnect: () => say('disconnected'),
    requests: {
      [command.HOLD]: (request) => {
        const { payload } = request;
        held.set(payload.readUInt32LE(), () => request.respond(payload));
        say('held', payload.readUInt32LE());
      },
      [command.ECHO]: ({ payload }) => payload,
      [command.LATE]: async ({ payload }) => {
        await sleep(payload.readUInt32LE(4));
        return payload;
      },
      [command.BURST]: ({ payload, connection }) => {
        burst(payload, connection);
        return '';
      },
      [command.DELAYED_BURST]: ({ payload, connection }) => {
        setTimeout(() => burst(payload, connection), payload.readUInt32LE(8));
        return '';
      },
    },
  });
  await server.listen();
  say('ready');
  for (;;) {
    for (const number of (await told()) as number[]) {
      held.get(number)?.();
      held.delete(number);
    }
    say('released');
  }
};

export interface Held {
  readonly name: string;
  readonly server: Child;
  /** Answers these requests, in this order. */
  release(...numbers: number[]): void;
}

/** Starts the server, and waits until it listens. */
export async function startHolder(limits: HoldArgument['limits'] = {}): Promise<Held> {
  const name = freshName();
  const server = Child.start(hold, { name, service: SERVICE, command: COMMAND, limits });
  await server.said('ready');
  return { name, server, release: (...numbers) => server.tell(numbers) };
}

/** A client of that server, in the test's own process, until the test is over. */
export async function clientOf(
  name: string,
  options: Partial<IpcClientOptions> = {},
): Promise<IpcClient> {
  const client = await IpcClient.connect({ name, service: SERVICE, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** A payload of numbers, and zeros after them. */
export function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

const status = (error: unknown): unknown => (CoroIpcError.is(error) ? error.status : error);

/** What a promise is rejected with: a status where there is one. */
export const rejected = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => 'it was not rejected', status);

/** What a step throws: a status where there is one. */
export function thrown(step: () => unknown): unknown {
  try {
    step();
  } catch (error) {
    return status(error);
  }
  return 'it did not throw';
}
