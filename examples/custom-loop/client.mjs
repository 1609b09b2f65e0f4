// Asks for the time, then listens to three ticks of the clock, all of it on a loop written by hand.
//
//   node examples/custom-loop/client.mjs     while server.mjs runs

import { IpcClient } from '@coroipc/core';
import { PollLoop } from './poll-loop.mjs';

const loop = new PollLoop();
let working = true;
const work = main().finally(() => {
  working = false;
});
await loop.run(() => working);
await work;

async function main() {
  const client = await IpcClient.connect({
    name: 'coroipc-custom-loop',
    service: 9,
    adapter: loop,
  });
  console.log(`it is ${await client.call(1)}`);

  let ticks = 3;
  for await (const { payload } of client.dispatches()) {
    console.log(`tick ${payload}`);
    ticks -= 1;
    if (ticks === 0) break;
  }
  await client.close();
}
