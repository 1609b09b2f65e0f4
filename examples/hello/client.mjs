// Says hello in the two ways there are, and listens to the clock three times.
//
//   node examples/hello/client.mjs     while server.mjs runs

import { libuvPoll } from '@coroipc/adapter-libuv';
import { IpcClient } from '@coroipc/core';

const client = await IpcClient.connect({
  name: 'coroipc-hello',
  service: 7,
  adapter: libuvPoll(),
});

console.log(client.callSync(1, 'shared memory').toString());
console.log((await client.call(1, 'promise')).toString());

let times = 3;
for await (const { payload } of client.dispatches()) {
  console.log(payload.toString());
  times -= 1;
  if (times === 0) break;
}
await client.close();
