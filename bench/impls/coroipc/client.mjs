// The client process: node client.mjs NAME WIRE ADAPTER. It makes the measurements that it is asked
// for.
import { IpcClient } from '@coroipc/core';
import { makeAdapter } from './adapters.mjs';
import { SERVICE } from './commands.mjs';
import { MEASURES } from './measures/index.mjs';

const [name, wire, adapterName] = process.argv.slice(2);
// A machine that is busy elsewhere makes a run slow, and shall not end it.
const timeoutMs = 30_000;
const adapter = await makeAdapter(adapterName);
const connect = (options) =>
  IpcClient.connect({ name, service: SERVICE, wire, adapter, timeoutMs, ...options });
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
process.send('ready');
