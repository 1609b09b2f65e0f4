// A server of the crowd. node server.mjs NAME ADAPTER SEED. Takes and answers numbered requests, some
// of them late, pours numbered dispatch messages, and tells its parent each second what it counted.
import { CoroIpcError, CS, IpcServer } from '@coroipc/core';
import { anyAdapterOf } from '../../conformance/cast.mjs';
import { chance } from './chance.mjs';
import { COMMAND, SERVICE } from './commands.mjs';
import { numbered, STREAM } from './numbered.mjs';
import { add, NOTHING_WRONG, Rising, Sequence } from './sequence.mjs';

const POUR_EVERY_MS = 20;
const TELL_EVERY_MS = 1000;

const [name, adapter, seed] = process.argv.slice(2);
const random = chance(Number(seed));
const server = new IpcServer({
  name,
  wires: ['native', 'classic'],
  adapter: await anyAdapterOf(adapter),
  limits: { handshakeTimeoutMs: 2000 },
});

/** What is known of each connection. */
const visitors = new Map();
/** What was wrong on connections that are over, whoever ended them. */
const wrong = { ...NOTHING_WRONG };

class Visitor {
  connection;
  number;
  streams;
  poured = 0;
  pouring = true;

  constructor(connection, number) {
    this.connection = connection;
    this.number = number;
    this.streams = {
      [STREAM.CALL]: new Sequence(number, STREAM.CALL),
      [STREAM.SYNC]: new Sequence(number, STREAM.SYNC),
      [STREAM.PLACED]: new Sequence(number, STREAM.PLACED),
      [STREAM.HASTY]: new Rising(number, STREAM.HASTY),
    };
  }

  /** A burst of dispatch messages, and never more than one beyond what the ring holds. */
  pour() {
    for (let left = 1 + random(8); left > 0 && this.pouring; left--) {
      const message = numbered(this.number, STREAM.DISPATCH, this.poured);
      this.poured += 1;
      this.pouring = this.connection.dispatch(STREAM.DISPATCH, message);
    }
  }

  end() {
    this.pouring = false;
    this.ended = true;
    const counts = Object.fromEntries(
      Object.entries(this.streams).map(([stream, { count }]) => [stream, count]),
    );
    return JSON.stringify({ counts, poured: this.poured });
  }

  faults() {
    const total = { ...NOTHING_WRONG };
    for (const stream of Object.values(this.streams)) add(total, stream.faults());
    return total;
  }
}

// One that is answered after its client was killed has nobody to go to.
function respondLate(request, answer) {
  try {
    request.respond(answer);
  } catch (error) {
    if (!CoroIpcError.is(error, CS.ERR_LIBRARY) && !CoroIpcError.is(error, CS.ERR_BAD_HANDLE)) {
      throw error;
    }
  }
}

function answer(stream, request) {
  const visitor = visitors.get(request.connection);
  // A hostile visitor that has a connection has not begun.
  if (visitor === undefined) return request.fail(CS.ERR_BAD_OPERATION);
  const number = visitor.streams[stream].take(request.payload) ?? 0xffffffff;
  const message = numbered(visitor.number, STREAM.ANSWER + stream, number);
  const lateness = random(stream === STREAM.HASTY ? 4 : 100);
  if (lateness > 2) return message;
  if (lateness === 0) setImmediate(respondLate, request, message);
  else setTimeout(respondLate, random(5), request, message);
}

function begin({ connection, payload }) {
  visitors.set(connection, new Visitor(connection, payload.readUInt32LE(0)));
}

server.service(SERVICE, {
  requests: {
    ...Object.fromEntries(
      [STREAM.CALL, STREAM.SYNC, STREAM.PLACED, STREAM.HASTY].map((stream) => [
        stream,
        (request) => answer(stream, request),
      ]),
    ),
    [COMMAND.BEGIN]: (request) => {
      begin(request);
      return Buffer.alloc(0);
    },
    [COMMAND.END]: ({ connection }) => visitors.get(connection).end(),
  },
});

server.on('drain', (connection) => {
  const visitor = visitors.get(connection);
  if (visitor !== undefined && !visitor.ended) visitor.pouring = true;
});
server.on('disconnect', (connection) => {
  const visitor = visitors.get(connection);
  if (visitor === undefined) return;
  add(wrong, visitor.faults());
  visitors.delete(connection);
});

setInterval(() => {
  for (const visitor of visitors.values()) if (visitor.pouring) visitor.pour();
}, POUR_EVERY_MS);
setInterval(() => process.send({ stats: server.stats(), wrong }), TELL_EVERY_MS);
process.on('disconnect', () => process.exit());

await server.listen();
process.send('ready');
