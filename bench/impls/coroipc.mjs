// This library as an implementation: a server and a client in Node, on one of its wires, both sides
// on libuv's loop where a case says nothing else.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { start } from '../process.mjs';
import { MEASURES } from './coroipc/measures/index.mjs';

const path = (file) => fileURLToPath(new URL(`coroipc/${file}`, import.meta.url));
const manifest = new URL('../../packages/core/package.json', import.meta.url);

// Zero-copy buffers of IpcClient are the native wire's; how an adapter does is the same on both.
const WITHOUT = { native: [], classic: ['zcb', 'adapters'] };

let opened = 0;

/** The library on `wire`. */
export const coroipc = (wire, about) => ({
  name: wire,
  about,
  ours: true,
  version: () => JSON.parse(readFileSync(manifest, 'utf8')).version,
  measures: Object.keys(MEASURES).filter((name) => !WITHOUT[wire].includes(name)),
  async open(cpus, { adapter = 'libuv' } = {}) {
    opened += 1;
    const args = [`coroipc-bench-${process.pid}-${opened}`, wire, adapter];
    const server = await start(path('server.mjs'), args, cpus.server);
    try {
      const client = await start(path('client.mjs'), args, cpus.caller);
      return {
        measure: (measure, options) => client.ask({ measure, options }),
        async close() {
          await client.end();
          await server.end();
        },
      };
    } catch (error) {
      await server.end();
      throw error;
    }
  },
});
