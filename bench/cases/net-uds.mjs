// What most people know: one request and its answer over a Unix socket, with Node's own net.
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { fileURLToPath } from 'node:url';
import { start } from '../child.mjs';
import { percentilesUs } from '../percentiles.mjs';

const PAYLOAD = 64;

export const name = "Node's net over a Unix socket";
export const id = 'net';

export async function open() {
  // An abstract name: nothing is left in the file system.
  const path = `coroipc-bench-net-${process.pid}`;
  const server = await start(fileURLToPath(new URL('../net/server.mjs', import.meta.url)), [path]);
  const socket = createConnection(`\0${path}`);
  await once(socket, 'connect');

  let rest = 0;
  let answered = () => {};
  socket.on('data', (chunk) => {
    rest -= chunk.length;
    if (rest === 0) answered();
  });
  const payload = Buffer.alloc(PAYLOAD, 7);
  const call = () =>
    new Promise((resolve) => {
      rest = PAYLOAD;
      answered = resolve;
      socket.write(payload);
    });

  return {
    async round({ warm, calls }) {
      // Many times slower than the others, so fewer of them tell as much.
      const count = Math.max(1000, calls / 10);
      for (let i = 0; i < warm / 10; i += 1) await call();
      const times = new Float64Array(count);
      for (let i = 0; i < count; i += 1) {
        const before = performance.now();
        await call();
        times[i] = performance.now() - before;
      }
      return percentilesUs(times);
    },
    async close() {
      socket.destroy();
      await server.end();
    },
  };
}
