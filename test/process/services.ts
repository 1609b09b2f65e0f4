// The server that most of these tests talk to, over every wire, in a process of its own. It says "ready",
// "connected" and "disconnected", and closes when it is told anything.

import type { Wire } from '@coroipc/core';
import { type AdapterName, Child, freshName, type Task } from './child.js';
import { WIRES } from './wires.js';

/** Its one service. */
export const SERVICE = 7;

/** Its commands. */
export const COMMAND = {
  /** Answers with the payload. */
  ECHO: 1,
  /** Never answers. */
  SILENCE: 2,
  /** Sends as many dispatch messages as the payload's first u32 says, of as many bytes as its second. */
  BURST: 3,
  /** Sends dispatch messages for as long as the connection lasts. */
  STREAM: 4,
  /** Answers with the payload after as many milliseconds as its first u32 says. */
  LATE: 5,
  /** Answers with the status of the payload's first u32. */
  STATUS: 6,
  /** Answers with the server's counters as JSON. */
  STATS: 7,
} as const;

interface ServeArgument {
  readonly name: string;
  readonly adapter: AdapterName;
  readonly wires: readonly Wire[];
  readonly service: number;
  readonly command: typeof COMMAND;
}

const serve: Task<ServeArgument> = async (tools, { name, adapter, wires, service, command }) => {
  const { IpcServer, CoroIpcError, CS, say, told } = tools;
  const server = new IpcServer({ name, wires, adapter: tools.adapters[adapter]() });
  server.service(service, {
    connect: ({ pid }) => say('connected', { pid, at: Date.now() }),
    disconnect: ({ pid }) => say('disconnected', { pid, at: Date.now() }),
    requests: {
      [command.ECHO]: ({ payload }) => payload,
      [command.SILENCE]: () => say('silent'),
      [command.BURST]: (request) => {
        const body = Buffer.alloc(request.payload.readUInt32LE(4));
        request.respond();
        for (let number = 0; number < request.payload.readUInt32LE(0); number++) {
          body.fill(number & 0xff);
          if (body.length >= 4) body.writeUInt32LE(number);
          request.connection.dispatch(number & 0xffff, body);
        }
      },
      [command.STREAM]: (request) => {
        request.respond();
        const body = Buffer.alloc(1000, 'stream');
        const pour = () => {
          try {
            for (let left = 100; left > 0; left--) request.connection.dispatch(1, body);
          } catch (error) {
            if (CoroIpcError.is(error, CS.ERR_LIBRARY)) return;
            if (!CoroIpcError.is(error, CS.ERR_TRY_AGAIN)) throw error;
          }
          setTimeout(pour, 1);
        };
        pour();
      },
      [command.LATE]: async ({ payload }) => {
        await tools.sleep(payload.readUInt32LE(0));
        return payload;
      },
      [command.STATUS]: (request) => request.fail(request.payload.readUInt32LE(0)),
      [command.STATS]: () => JSON.stringify(server.stats()),
    },
  });
  server.on('requestError', (error) => say('requestError', String(error)));
  await server.listen();
  say('ready');
  await told();
  await server.close();
  say('closed');
};

export interface Served {
  readonly name: string;
  readonly server: Child;
}

/** Starts the server, and waits until it listens. */
export async function startServer(
  options: { name?: string; adapter?: AdapterName } = {},
): Promise<Served> {
  const { name = freshName(), adapter = 'libuv' } = options;
  const server = Child.start(serve, {
    name,
    adapter,
    wires: WIRES,
    service: SERVICE,
    command: COMMAND,
  });
  await server.said('ready');
  return { name, server };
}
