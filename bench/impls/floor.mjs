// The floor programs as implementations: C++, nothing of ours in it, two processes. A program lives
// for one measurement: it has no code to warm up.

import { run } from '../../scripts/run.mjs';
import { buildFloor } from '../floor/build.mjs';

const cpu = (number) => String(number ?? -1);

/** The floor program `bench/floor/NAME.cc`, which can do `measures`. */
export const floor = (name, about, measures) => ({
  name,
  about,
  measures,
  async open(cpus) {
    const program = await buildFloor(name);
    return {
      async measure(_measure, { warmMs, ms, pauseUs = 0, payload = 64, rate = 0 }) {
        const where = [cpu(cpus.caller), cpu(cpus.server)];
        const args = [warmMs, ms, pauseUs, ...where, payload, rate].map(String);
        const limitMs = 60_000;
        const { code, out } = await run(program, args, { out: 'text', limitMs });
        if (code !== 0) throw new Error(`the floor program ${name} ended with code ${code}`);
        return JSON.parse(out);
      },
      close: async () => {},
    };
  },
});
