// The server that most of these tests talk to, in a process of its own. It says "ready",
// "connected", "disconnected" and "closed", and closes when it is told to.

import { CoroIpcError, CS, IpcServer } from '@coroipc/core';
import { Child, freshName } from './child.mjs';

/** Its one service. */
export const SERVICE = 7;

/** Its commands. */
export const COMMAND = {
  /** Answers with the payload, at once. */
  ECHO: 1,
  /** Answers with the payload, by a promise. */
  LATER: 2,
  /** Never answers; says "silent". */
  SILENCE: 3,
  /** Fails with the status of the payload's first u32. */
  STATUS: 4,
  /** Throws what is no CoroIpcError. */
  THROW: 5,
  /** Sends as many dispatch messages as the payload's first u32 says, of as many bytes as its second. */
  BURST: 6,
  /** Sends dispatch messages for as long as the connection lasts. */
  STREAM: 7,
  /** Answers with the server's counters as JSON. */
  STATS: 8,
};

/** All that a server can speak, the library's own first. */
export const WIRES = ['native', 'classic'];

async function serve({ name }, { say, told }) {
  const server = new IpcServer({ name, wires: WIRES });
  const pour = (connection, body) => {
    try {
      for (let left = 50; left > 0; left--) connection.dispatch(1, body);
    } catch (error) {
      if (CoroIpcError.is(error, CS.ERR_LIBRARY)) return;
      if (!CoroIpcError.is(error, CS.ERR_TRY_AGAIN)) throw error;
    }
    setTimeout(pour, 1, connection, body);
  };
  server.service(SERVICE, {
    connect: ({ pid }) => say('connected', pid),
    disconnect: ({ pid }) => say('disconnected', pid),
    requests: {
      [COMMAND.ECHO]: ({ payload }) => payload,
      [COMMAND.LATER]: async ({ payload }) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return payload;
      },
      [COMMAND.SILENCE]: () => say('silent'),
      [COMMAND.STATUS]: (request) => request.fail(request.payload.readUInt32LE(0)),
      [COMMAND.THROW]: () => {
        throw new Error('thrown by a handler');
      },
      [COMMAND.BURST]: (request) => {
        const body = Buffer.alloc(request.payload.readUInt32LE(4));
        let queued = 0;
        for (let number = 0; number < request.payload.readUInt32LE(0); number++) {
          body.fill(number & 0xff);
          body.writeUInt32LE(number);
          if (!request.connection.dispatch(number & 0xffff, body)) queued++;
        }
        say('queued', queued);
        request.respond();
      },
      [COMMAND.STREAM]: (request) => {
        request.respond();
        pour(request.connection, Buffer.alloc(1000, 'stream'));
      },
      [COMMAND.STATS]: () => JSON.stringify(server.stats()),
    },
  });
  server.on('requestError', (error) => say('requestError', error.message));
  server.on('drain', () => say('drain'));
  await server.listen();
  say('ready');
  await told();
  await server.close();
  say('closed');
}

export const tasks = { serve };

/** Starts the server, and waits until it listens. */
export async function startServer(name = freshName()) {
  const server = Child.start(import.meta.url, 'serve', { name });
  await server.said('ready');
  return { name, service: SERVICE, server };
}

/** The payload of BURST. */
export function burst(count, bytes) {
  const payload = Buffer.alloc(8);
  payload.writeUInt32LE(count, 0);
  payload.writeUInt32LE(bytes, 4);
  return payload;
}
