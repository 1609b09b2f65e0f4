// What happened since: time, and the CPU time of both sides.
import { CPU } from '../commands.mjs';
import { cpuUs } from '../footprint.mjs';

const serverCpuUs = (client) => client.callSync(CPU).readDoubleLE();

/** Begins; the function that it gives tells the rate and the price of `count` operations. */
export function meter(client) {
  const cpu = cpuUs() + serverCpuUs(client);
  const start = performance.now();
  return (count) => {
    const tookMs = performance.now() - start;
    const usedUs = cpuUs() + serverCpuUs(client) - cpu;
    return { perSecond: (count * 1000) / tookMs, cpuNsPerOp: (usedUs * 1000) / count };
  };
}

/** The CPU time of each side so far, in microseconds. */
export const cpuOfBoth = (client) => ({ client: cpuUs(), server: serverCpuUs(client) });
