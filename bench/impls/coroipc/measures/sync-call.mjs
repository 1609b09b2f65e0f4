// Calls that block: one after the other, or with a sleep before each.
import { percentilesNs } from '../../../statistics.mjs';
import { ECHO, PAYLOAD } from '../commands.mjs';
import { meter } from './meter.mjs';

const MOST_CALLS = 1_000_000;
const times = new Float64Array(MOST_CALLS);
const nobodysWord = new Int32Array(new SharedArrayBuffer(4));

const payload = Buffer.alloc(PAYLOAD, 7);
const echo = (client) => client.callSync(ECHO, payload);

/**
 * Calls `call` for so long; how often. The end of one call is the beginning of the next: one look
 * at the clock a call, as the floor programs do it.
 */
export function callFor(call, client, ms) {
  let before = performance.now();
  const end = before + ms;
  let count = 0;
  while (before < end && count < MOST_CALLS) {
    call(client);
    const after = performance.now();
    times[count] = after - before;
    before = after;
    count += 1;
  }
  return count;
}

/** The percentiles of the last `count` times. */
export const timesOf = (count) => percentilesNs(times.subarray(0, count));

export function syncCall({ client }, { warmMs, ms }) {
  callFor(echo, client, warmMs);
  const end = meter(client);
  const count = callFor(echo, client, ms);
  return { ...end(count), ...timesOf(count) };
}

// The thread sleeps, too: nothing of the client is awake when the call begins.
function callPaced(client, ms, pauseUs) {
  const end = performance.now() + ms;
  let count = 0;
  while (performance.now() < end && count < MOST_CALLS) {
    Atomics.wait(nobodysWord, 0, 0, pauseUs / 1000);
    const before = performance.now();
    echo(client);
    times[count] = performance.now() - before;
    count += 1;
  }
  return count;
}

export function wake({ client }, { warmMs, ms, pauseUs }) {
  callPaced(client, warmMs, pauseUs);
  const end = meter(client);
  const count = callPaced(client, ms, pauseUs);
  return { ...end(count), ...timesOf(count) };
}
