// Our dispatch messages: 64 bytes each, a handler called for every one, both sides on libuv.
import { fileURLToPath } from 'node:url';
import { start } from '../child.mjs';

const serverModule = fileURLToPath(new URL('../ours/server.mjs', import.meta.url));

export const name = 'dispatch messages, 64 bytes';
export const id = 'dispatch';

export async function open() {
  const { IpcClient } = await import('@coroipc/core');
  const { libuvPoll } = await import('@coroipc/adapter-libuv');
  const socketName = `coroipc-bench-dispatch-${process.pid}`;
  const server = await start(serverModule, [socketName]);
  const client = await IpcClient.connect({ name: socketName, service: 1, adapter: libuvPoll() });

  let rest = 0;
  let done = () => {};
  let lost = () => {};
  client.on('dispatch', () => {
    rest -= 1;
    if (rest === 0) done();
  });
  client.on('close', (error) => lost(error ?? new Error('the connection ended in a round')));

  const receive = (count) =>
    new Promise((resolve, reject) => {
      rest = count;
      done = resolve;
      lost = reject;
      const asked = Buffer.alloc(4);
      asked.writeUInt32LE(count);
      client.callSync(2, asked);
    });

  return {
    async round({ warm, calls }) {
      const count = calls * 5;
      await receive(warm);
      const before = performance.now();
      await receive(count);
      return { perSecond: (count * 1000) / (performance.now() - before) };
    },
    async close() {
      lost = () => {};
      await client.close();
      await server.end();
    },
  };
}
