// Where the two processes of a measurement run: wherever the kernel likes, on a CPU each, or both on
// one. A process is pinned before it begins, as who deploys it would: the library may look then.
import { readFileSync } from 'node:fs';

export const PLACEMENTS = ['free', 'split', 'one'];

/** The CPUs of a list as the kernel writes it: `0-2,5` is 0, 1, 2, 5. */
export function cpuList(text) {
  return text.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    if (!Number.isInteger(first) || !Number.isInteger(last)) {
      throw new RangeError(`not a list of CPUs: ${JSON.stringify(text)}`);
    }
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** The CPUs that this process may run on. */
export function allowedCpus() {
  const status = readFileSync('/proc/self/status', 'utf8');
  return cpuList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)[1]);
}

/** The CPU of each side; undefined is the kernel's choice. Undefined if there are too few for it. */
export function cpusOf(placement, allowed) {
  if (placement === 'free') return { caller: undefined, server: undefined };
  if (placement === 'one') return { caller: allowed[0], server: allowed[0] };
  return allowed.length < 2 ? undefined : { caller: allowed[0], server: allowed[1] };
}
