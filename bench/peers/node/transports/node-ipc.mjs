// node-ipc over a Unix socket, its `rawBuffer` mode.
//
// Version 9.2.1. Some later ones (10.1.1 and 10.1.2, 11 and on) brought `peacenotwar` or worse. This
// one's sockets and events were read, and all that it depends on (js-queue, easy-stack, js-message,
// event-pubsub) was searched for anything that runs programs, writes files or asks the network: there
// is nothing. The lock file holds the digest of each, and no package's script runs at installation.
//
// Its own messages are events, JSON text with a delimiter. Raw buffers cost no JSON and carry bytes;
// they have no borders, so each has its length before it. It makes text of all that it receives, and
// bytes of that again: 'latin1' brings them through unharmed, one byte a character.
import { setImmediate as turn } from 'node:timers/promises';
import ipc from 'node-ipc';
import { answerTo } from '../answer.mjs';
import { frameOf, Parser } from '../framing.mjs';
import { InOrder } from '../in-order.mjs';
import { BYTES } from '../payloads.mjs';
import { publishTo } from '../sender.mjs';

Object.assign(ipc.config, {
  rawBuffer: true,
  encoding: 'latin1',
  silent: true,
  maxRetries: 0,
  // Its default of 100 would be one too few: the caller and a hundred subscribers.
  maxConnections: 1000,
});

function stop(error) {
  throw error;
}

export async function serve({ address }) {
  await new Promise((resolve) => {
    ipc.serve(address, resolve);
    ipc.server.start();
  });
  const { server } = ipc;
  const parsers = new Map();
  const lineOf = (socket) => ({
    socket,
    send(message) {
      server.emit(socket, frameOf(message));
      return !socket.writableNeedDrain;
    },
  });
  const publish = async (socket, message, { count, subscribers }) => {
    if (subscribers === 0) return publishTo([lineOf(socket)], message, count);
    while (server.sockets.length !== 1 + subscribers) await turn();
    const others = server.sockets.filter((each) => each !== socket);
    return publishTo(others.map(lineOf), message, count);
  };
  server.on('data', (piece, socket) => {
    if (!parsers.has(socket)) {
      const line = lineOf(socket);
      const answer = (request) =>
        line.send(answerTo(request, BYTES, (...args) => publish(socket, ...args)));
      parsers.set(socket, new Parser(answer));
    }
    parsers.get(socket).push(piece);
  });
  server.on('error', stop);
}

/** A connection on which `take` gets each message; `id` is its own among those of this process. */
function connectTo(id, address, take) {
  return new Promise((resolve) => {
    ipc.connectTo(id, address, () => {
      const line = ipc.of[id];
      const parser = new Parser(take);
      line.on('data', (piece) => parser.push(piece));
      line.on('error', stop);
      line.on('connect', () => resolve(line));
    });
  });
}

export async function connect({ address }) {
  const answers = new InOrder();
  let take;
  const line = await connectTo('caller', address, (message) => {
    if (take !== undefined && answers.none) take(message);
    else answers.answer(message);
  });
  line.on('disconnect', () => stop(new Error('the server closed the connection')));
  return {
    payloads: BYTES,
    call(payload) {
      line.emit(frameOf(payload));
      return answers.next();
    },
    async subscribe(to, subscribers) {
      take = to;
      const ids = Array.from({ length: subscribers }, (_, index) => `subscriber${index}`);
      for (const id of ids) await connectTo(id, address, to);
      return async () => {
        take = undefined;
        for (const id of ids) ipc.disconnect(id);
      };
    },
  };
}
