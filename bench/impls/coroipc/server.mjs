// The server process: node server.mjs NAME WIRE ADAPTER
import { IpcServer } from '@coroipc/core';
import { makeAdapter } from './adapters.mjs';
import * as command from './commands.mjs';
import { cpuUs, footprint } from './footprint.mjs';
import { Publisher } from './publisher.mjs';
import { TimerChain } from './timer-chain.mjs';

const [name, wire, adapter] = process.argv.slice(2);
// As patient as its clients.
const limits = { handshakeTimeoutMs: 30_000 };
const server = new IpcServer({ name, wires: [wire], adapter: await makeAdapter(adapter), limits });
const message = Buffer.alloc(command.PAYLOAD, command.FILL);
const publisher = new Publisher(server);
const cpu = Buffer.alloc(8);
// An answer without content; no answer at all would be one that comes later.
const NOTHING = Buffer.alloc(0);
let timers;
let seen = 0;

function publish({ payload, connection }) {
  const [count, bytes, toAll] = [0, 4, 8].map((offset) => payload.readUInt32LE(offset));
  const feed = [...server.connections].filter(({ service }) => service === command.FEED);
  const to = toAll === 0 ? [connection] : feed;
  publisher.publish(to, Buffer.alloc(bytes, command.FILL), count);
  return NOTHING;
}

server.service(command.SERVICE, {
  inPlace: true,
  requests: {
    [command.ECHO]: ({ payload }) => payload,
    [command.PUBLISH]: publish,
    [command.HUSH]: () => {
      publisher.hush();
      return NOTHING;
    },
    [command.CPU]: () => {
      cpu.writeDoubleLE(cpuUs());
      return cpu;
    },
    [command.FOOTPRINT]: () => JSON.stringify(footprint()),
    [command.TIMER_START]: () => {
      timers = new TimerChain();
      return NOTHING;
    },
    [command.TIMER_STOP]: () => JSON.stringify(timers.stop()),
    [command.MAKE_BUFFER]: async ({ payload, connection }) => {
      connection.data = await connection.createBuffer(payload.readUInt32LE());
      return NOTHING;
    },
    [command.ECHO_BUFFER]: ({ payload, connection: { data: buffer } }) => {
      payload.copy(buffer.bytes);
      return buffer;
    },
    [command.LOOK]: ({ payload }) => {
      seen += payload[0] + payload[payload.length - 1];
      return message;
    },
  },
});
server.service(command.FEED, {});
server.on('requestError', (error) => {
  throw error;
});
await server.listen();
process.send('ready');
process.on('disconnect', () => process.exit(seen < 0 ? 1 : 0));
