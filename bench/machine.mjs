// What the numbers were measured on.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release } from 'node:os';

function governor() {
  try {
    const path = '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor';
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}

/** The facts of the machine that numbers depend on. */
export const machine = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  processors: availableParallelism(),
  governor: governor(),
  load: Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]),
  kernel: release(),
  node: process.version,
  arch: process.arch,
});
