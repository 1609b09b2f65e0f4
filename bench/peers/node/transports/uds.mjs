// Node's net over a Unix socket, with the length before each message.
//
// For speed: what goes out in one turn goes in one system call (sender.mjs); the parser copies
// nothing that came whole; the caller reads into one buffer (`onread`), so that no chunk is
// allocated for a read. highWaterMark is 64 KiB, as Node 22 has it by default, where Node 20 has 16.
import { once } from 'node:events';
import { createServer, connect as netConnect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { answerTo } from '../answer.mjs';
import { Parser } from '../framing.mjs';
import { InOrder } from '../in-order.mjs';
import { BYTES } from '../payloads.mjs';
import { publishTo, Sender } from '../sender.mjs';

const highWaterMark = 64 * 1024;
const READ_BYTES = 64 * 1024;

function stop(error) {
  throw error;
}

export async function serve({ address }) {
  const lines = [];
  const server = createServer({ highWaterMark }, (socket) => {
    const sender = new Sender(socket);
    const line = { socket, send: (message) => sender.send(message) };
    lines.push(line);
    // The first connection is the caller's own; those that follow it are subscribers.
    const publish = async (message, { count, subscribers }) => {
      if (subscribers === 0) return publishTo([line], message, count);
      while (lines.length !== 1 + subscribers) await turn();
      return publishTo(lines.slice(1), message, count);
    };
    const parser = new Parser((request) => sender.send(answerTo(request, BYTES, publish)));
    socket.on('data', (piece) => parser.push(piece));
    socket.on('close', () => lines.splice(lines.indexOf(line), 1));
    socket.on('error', stop);
  });
  server.listen(address);
  await once(server, 'listening');
}

/** A connection on which `take` gets each message. */
async function connectTo(address, take) {
  const parser = new Parser((message) => take(message));
  const buffer = Buffer.alloc(READ_BYTES);
  const callback = (bytes) => {
    parser.push(buffer.subarray(0, bytes));
    return true;
  };
  const socket = netConnect({ path: address, highWaterMark, onread: { buffer, callback } });
  await once(socket, 'connect');
  socket.on('error', stop);
  return socket;
}

export async function connect({ address }) {
  const answers = new InOrder();
  // A message is one that somebody subscribed to if no answer is awaited.
  let take;
  let subscribed = false;
  const socket = await connectTo(address, (message) => {
    if (subscribed && answers.none) take(message);
    else answers.answer(message);
  });
  socket.on('close', () => stop(new Error('the server closed the connection')));
  const sender = new Sender(socket);
  return {
    payloads: BYTES,
    call(payload) {
      sender.send(payload);
      return answers.next();
    },
    async subscribe(to, subscribers) {
      take = to;
      subscribed = true;
      const others = [];
      for (let index = 0; index < subscribers; index += 1)
        others.push(await connectTo(address, to));
      return async () => {
        subscribed = false;
        for (const other of others) other.destroy();
      };
    },
  };
}
