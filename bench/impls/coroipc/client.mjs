// The client process: node client.mjs NAME WIRE. It makes the measurements that it is asked for.
import { libuvPoll } from '@coroipc/adapter-libuv';
import { IpcClient } from '@coroipc/core';
import { SERVICE } from './commands.mjs';
import { MEASURES } from './measures/index.mjs';

const [name, wire] = process.argv.slice(2);
const adapter = libuvPoll();
const connect = (options) =>
  IpcClient.connect({ name, service: SERVICE, wire, adapter, ...options });
const client = await connect();
client.on('close', (error) => {
  if (error !== undefined) throw error;
});

process.on('message', async ({ measure, options }) => {
  try {
    process.send({ result: await MEASURES[measure]({ client, connect }, options) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.on('disconnect', () => process.exit());
// A client that names no wire is of a build that has but one.
process.send({ wire: client.wire ?? 'classic' });
