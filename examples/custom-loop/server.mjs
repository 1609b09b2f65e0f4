// A service on a loop written by hand: it tells the time, to all and once a second too.
//
//   node examples/custom-loop/server.mjs     then client.mjs in other terminals; Ctrl-C ends it

import { IpcServer } from '@coroipc/core';
import { PollLoop } from './poll-loop.mjs';

const CLOCK = 9;

const loop = new PollLoop();
const server = new IpcServer({ name: 'coroipc-custom-loop', adapter: loop });
server.service(CLOCK, { requests: { 1: () => new Date().toISOString() } });
await server.listen();
console.log('listening');

const clock = setInterval(() => server.publish(CLOCK, 1, new Date().toISOString()), 1000);

process.once('SIGINT', async () => {
  clearInterval(clock);
  await server.close();
});

// Until the server has closed: then the loop has nothing left to wait for.
await loop.run();
console.log('closed');
