// A service that greets, and tells everybody the time once a second.
//
//   node examples/hello/server.mjs     then client.mjs in other terminals; Ctrl-C ends it

import { libuvPoll } from '@coroipc/adapter-libuv';
import { IpcServer } from '@coroipc/core';

const HELLO = 7;

const server = new IpcServer({ name: 'coroipc-hello', adapter: libuvPoll() });
server.service(HELLO, {
  requests: { 1: ({ payload }) => `Hello, ${payload}!` },
});
await server.listen();
console.log('listening');

const clock = setInterval(() => server.publish(HELLO, 1, new Date().toISOString()), 1000);

process.once('SIGINT', async () => {
  clearInterval(clock);
  await server.close();
});
