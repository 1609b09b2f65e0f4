// Our synchronous call: 64 bytes there and back, JavaScript to JavaScript, both sides on libuv.
import { fileURLToPath } from 'node:url';
import { start } from '../child.mjs';
import { percentilesUs, timesOf } from '../percentiles.mjs';

const serverModule = fileURLToPath(new URL('../ours/server.mjs', import.meta.url));

export const name = 'callSync, 64 bytes';
export const id = 'call';

export async function open() {
  const { IpcClient } = await import('@coroipc/core');
  const { libuvPoll } = await import('@coroipc/adapter-libuv');
  const socketName = `coroipc-bench-call-${process.pid}`;
  const server = await start(serverModule, [socketName]);
  const client = await IpcClient.connect({ name: socketName, service: 1, adapter: libuvPoll() });
  const payload = Buffer.alloc(64, 7);

  return {
    round: async ({ warm, calls }) =>
      percentilesUs(timesOf(() => client.callSync(1, payload), warm, calls)),
    async close() {
      await client.close();
      await server.end();
    },
  };
}
