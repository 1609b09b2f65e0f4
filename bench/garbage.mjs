// What synchronous calls leave to the garbage collector, for V8 to tell:
//
//   node --trace-gc bench/garbage.mjs [CALLS] [callSync]
//
// 10^7 calls of callSyncInto unless told. A collection between BEGIN and END would be a line there; callSync,
// which makes a Buffer an answer, has some.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { IpcClient, IpcServer } from '@coroipc/core';

const ECHO = 1;
const service = 1;

async function serve(name) {
  const server = new IpcServer({ name });
  server.service(service, { requests: { [ECHO]: ({ payload }) => payload } });
  await server.listen();
  process.send('ready');
  process.on('disconnect', () => process.exit());
}

async function call(calls, how) {
  const name = `coroipc-garbage-${process.pid}`;
  const server = fork(import.meta.filename, ['serve', name], { execArgv: [] });
  await once(server, 'message');
  const client = await IpcClient.connect({ name, service });
  const payload = Buffer.alloc(64);
  const into = Buffer.alloc(64);
  const ways = {
    callSync: () => client.callSync(ECHO, payload),
    callSyncInto: () => client.callSyncInto(ECHO, payload, into),
  };
  const one = ways[how];
  if (one === undefined || !(calls > 0)) {
    throw new RangeError(
      `a number of calls, and callSync or callSyncInto; not ${calls} and ${how}`,
    );
  }
  // Code is compiled, and the compiler leaves something, too.
  for (let left = 200_000; left > 0; left -= 1) one();
  console.log(`BEGIN ${calls} calls of ${how}`);
  const begin = performance.now();
  for (let left = calls; left > 0; left -= 1) one();
  const us = ((performance.now() - begin) / calls) * 1000;
  console.log(`END ${us.toFixed(2)} us each`);
  await client.close();
  server.disconnect();
}

const [first = '1e7', second = 'callSyncInto'] = process.argv.slice(2);
await (first === 'serve' ? serve(second) : call(Number(first), second));
