// One listener for each AbortSignal, however many calls it may end: each of its own would cost the others
// time, and beyond ten Node warns of a leak.

interface Waiting {
  readonly runs: Set<() => void>;
  readonly listener: () => void;
}

const bySignal = new WeakMap<AbortSignal, Waiting>();

function listen(signal: AbortSignal): Waiting {
  const runs = new Set<() => void>();
  const listener = (): void => {
    bySignal.delete(signal);
    for (const run of runs) run();
  };
  const waiting = { runs, listener };
  bySignal.set(signal, waiting);
  signal.addEventListener('abort', listener, { once: true });
  return waiting;
}

/** Has `run` called when the signal aborts, unless what this returns was called before. */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  const waiting = bySignal.get(signal) ?? listen(signal);
  const { runs, listener } = waiting;
  runs.add(run);
  return () => {
    runs.delete(run);
    if (runs.size > 0 || bySignal.get(signal) !== waiting) return;
    bySignal.delete(signal);
    signal.removeEventListener('abort', listener);
  };
}
