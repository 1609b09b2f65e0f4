// The server process of our cases. Service 1: command 1 echoes, command 2 publishes as many
// dispatch messages of 64 bytes as the request says, as fast as the ring takes them.
import { libuvPoll } from '@coroipc/adapter-libuv';
import { IpcServer } from '@coroipc/core';

const SERVICE = 1;
const PAYLOAD = 64;
// How many messages may wait in the queue behind the ring before the next are held back.
const AHEAD = 1024;

const server = new IpcServer({ name: process.argv[2], adapter: libuvPoll() });
const message = Buffer.alloc(PAYLOAD, 7);

// Goes on when the queue behind the full ring is empty, so that nothing is lost and no queue grows.
function publish(connection, count) {
  let rest = count;
  let waiting = 0;
  const onDrain = (drained) => {
    if (drained !== connection) return;
    waiting = 0;
    more();
  };
  const more = () => {
    while (rest > 0 && waiting < AHEAD) {
      rest -= 1;
      if (!connection.dispatch(1, message)) waiting += 1;
    }
    if (rest === 0) server.off('drain', onDrain);
  };
  server.on('drain', onDrain);
  more();
}

server.service(SERVICE, {
  requests: {
    1: ({ payload }) => payload,
    2: (request) => {
      const count = request.payload.readUInt32LE(0);
      request.respond();
      setImmediate(publish, request.connection, count);
    },
  },
});
await server.listen();
process.send('ready');
process.on('disconnect', () => process.exit());
