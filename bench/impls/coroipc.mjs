// This library as an implementation: a server and a client in Node, on one of its wires, both sides
// on libuv's loop.
import { fileURLToPath } from 'node:url';
import { start } from '../process.mjs';
import { MEASURES } from './coroipc/measures/index.mjs';

const path = (file) => fileURLToPath(new URL(`coroipc/${file}`, import.meta.url));

let opened = 0;

/** The library on `wire`. */
export const coroipc = (wire, about) => ({
  name: wire,
  about,
  measures: Object.keys(MEASURES),
  async open(cpus) {
    opened += 1;
    const args = [`coroipc-bench-${process.pid}-${opened}`, wire];
    const server = await start(path('server.mjs'), args, cpus.server);
    try {
      const client = await start(path('client.mjs'), args, cpus.caller);
      const close = async () => {
        await client.end();
        await server.end();
      };
      if (client.first.wire === wire) {
        return { measure: (measure, options) => client.ask({ measure, options }), close };
      }
      await close();
      return `this build speaks the ${client.first.wire} wire only`;
    } catch (error) {
      await server.end();
      throw error;
    }
  },
});
