// The server of the soak: takes and answers requests by their numbers, some late and so out of
// order, and sends dispatch messages for as long as it is asked to. node server.mjs NAME WIRE
import { setTimeout as sleep } from 'node:timers/promises';
import { libuvPoll } from '@coroipc/adapter-libuv';
import { CoroIpcError, CS, IpcServer } from '@coroipc/core';
import { Received, sum } from './stream.mjs';
import { block, COMMAND, contents, largest, MOST_BYTES, random, SERVICE } from './traffic.mjs';

const [name, wire] = process.argv.slice(2);
const server = new IpcServer({ name, wires: [wire], adapter: libuvPoll() });

let traffic;
let received;
let pouring = false;
let poured = 0;

// The largest dispatch message; those that are sent to find out carry an id that is no stream's.
function largestDispatch(connection) {
  const bytes = Buffer.alloc(MOST_BYTES);
  return largest((size) => {
    try {
      connection.dispatch(0, bytes.subarray(0, size));
      return true;
    } catch (error) {
      if (CoroIpcError.is(error, CS.ERR_TOO_BIG)) return false;
      throw error;
    }
  });
}

function begin(request) {
  const [requestBytes, responseBytes] = [0, 4].map((at) => request.payload.readUInt32LE(at));
  const dispatch = largestDispatch(request.connection);
  const sizes = { request: requestBytes, response: responseBytes, dispatch };
  traffic = contents(sizes);
  received = [traffic.pipelined, traffic.synchronous].map((kind) => new Received(kind.request));
  pouring = true;
  pour(request.connection);
  return JSON.stringify(sizes);
}

const drained = (connection) =>
  new Promise((resolve) => {
    const onDrain = (which) => {
      if (which !== connection) return;
      server.off('drain', onDrain);
      resolve();
    };
    server.on('drain', onDrain);
  });

// In bursts, and never more than one beyond what the ring holds. Rests, so that either side sleeps.
async function pour(connection) {
  while (pouring) {
    let queued = false;
    for (let left = 1 + random(500); left > 0 && !queued; left--) {
      queued = !connection.dispatch(COMMAND.BEGIN, traffic.dispatch.message(poured));
      poured += 1;
    }
    if (queued) await drained(connection);
    else await new Promise(setImmediate);
    if (random(10) === 0) await sleep(random(5));
    if (random(3000) === 0) block(random(5));
  }
}

// Some answers come late: at the loop's next turn, or milliseconds after those of later requests.
function answer(content, stream, request) {
  const number = stream.count;
  stream.take(request.payload);
  const message = content.message(number);
  const lateness = random(2000);
  if (lateness > 2) return message;
  if (lateness === 0) setTimeout(() => request.respond(message), random(4));
  else setImmediate(() => request.respond(message));
  return undefined;
}

server.service(SERVICE, {
  requests: {
    [COMMAND.PIPELINED]: (request) => answer(traffic.pipelined.response, received[0], request),
    [COMMAND.SYNCHRONOUS]: (request) => answer(traffic.synchronous.response, received[1], request),
    [COMMAND.FILL]: ({ payload }) =>
      payload.length < 4 ? undefined : Buffer.alloc(payload.readUInt32LE(0)),
    [COMMAND.BEGIN]: begin,
    [COMMAND.END]: () => {
      pouring = false;
      return String(poured);
    },
    [COMMAND.OUTCOME]: ({ payload }) => {
      const sent = JSON.parse(payload.toString());
      return JSON.stringify(sum(received.map((stream, index) => stream.outcome(sent[index]))));
    },
  },
});

// An answer that is refused is the client's error, but for those that look for the largest.
server.on('requestError', (error, request) => {
  if (request.id !== COMMAND.FILL) throw error;
});
server.on('disconnect', () => {
  pouring = false;
});
await server.listen();
process.send('ready');
process.on('disconnect', () => process.exit());
