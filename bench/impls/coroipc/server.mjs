// The server process: node server.mjs NAME WIRE
import { libuvPoll } from '@coroipc/adapter-libuv';
import { IpcServer } from '@coroipc/core';
import * as command from './commands.mjs';
import { cpuUs, footprint } from './footprint.mjs';
import { Publisher } from './publisher.mjs';
import { TimerChain } from './timer-chain.mjs';

const [name, wire] = process.argv.slice(2);
const server = new IpcServer({ name, wires: [wire], adapter: libuvPoll() });
const message = Buffer.alloc(command.PAYLOAD, 7);
const publisher = new Publisher(server, message);
const cpu = Buffer.alloc(8);
// An answer without content; no answer at all would be one that comes later.
const NOTHING = Buffer.alloc(0);
let timers;
let seen = 0;

server.service(command.SERVICE, {
  inPlace: true,
  requests: {
    [command.ECHO]: ({ payload }) => payload,
    [command.PUBLISH]: ({ payload, connection }) => {
      publisher.publish(connection, payload.readUInt32LE(0));
      return NOTHING;
    },
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
    [command.LOOK]: ({ payload }) => {
      seen += payload[0] + payload[payload.length - 1];
      return message;
    },
  },
});
server.on('requestError', (error) => {
  throw error;
});
await server.listen();
process.send('ready');
process.on('disconnect', () => process.exit(seen < 0 ? 1 : 0));
