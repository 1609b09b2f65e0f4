// One call after the other. The end of one is the beginning of the next: one look at the clock a
// call, as the programs in C++ do it.
import { performance } from 'node:perf_hooks';
import { MOST_CALLS, times } from './times.mjs';

const nobodysWord = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps, the whole thread: nothing of this side is awake afterwards. */
export const sleepBlocked = (ms) => Atomics.wait(nobodysWord, 0, 0, ms);

/** Calls `call`, which blocks, for so long; how often. */
export function callFor(call, ms) {
  let before = performance.now();
  const end = before + ms;
  let count = 0;
  while (before < end && count < MOST_CALLS) {
    call();
    const after = performance.now();
    times[count] = after - before;
    before = after;
    count += 1;
  }
  return count;
}

/** The same with a `call` that promises its answer. */
export async function awaitFor(call, ms) {
  let before = performance.now();
  const end = before + ms;
  let count = 0;
  while (before < end && count < MOST_CALLS) {
    await call();
    const after = performance.now();
    times[count] = after - before;
    before = after;
    count += 1;
  }
  return count;
}

/** Calls `call`, which blocks, with a sleep before each that is in no time; how often. */
export function callRested(call, ms, pauseUs) {
  const end = performance.now() + ms;
  let count = 0;
  while (performance.now() < end && count < MOST_CALLS) {
    sleepBlocked(pauseUs / 1000);
    const before = performance.now();
    call();
    times[count] = performance.now() - before;
    count += 1;
  }
  return count;
}

/** The same with a `call` that promises its answer. */
export async function awaitRested(call, ms, pauseUs) {
  const end = performance.now() + ms;
  let count = 0;
  while (performance.now() < end && count < MOST_CALLS) {
    sleepBlocked(pauseUs / 1000);
    const before = performance.now();
    await call();
    times[count] = performance.now() - before;
    count += 1;
  }
  return count;
}
