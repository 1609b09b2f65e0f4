// Calls at moments that were set before. A time runs from the moment at which the call was due, so
// that it holds all that a caller would have waited for: behind others, or before it was sent at all.
import { setImmediate as turn } from 'node:timers/promises';
import { sleepBlocked } from './sequence.mjs';
import { MOST_CALLS, times } from './times.mjs';

// Beyond these a call waits unsent, and its time runs.
const MOST_IN_FLIGHT = 1024;
// Calls that are sent before the loop may look for answers.
const MOST_TOGETHER = 256;
// How much longer than asked a sleep may take: so much before a call is due its caller is awake.
const LEEWAY_MS = 0.15;
// Long after every answer: ends what hangs.
const DRAIN_MS = 20_000;

function waitUntil(due) {
  const rest = due - performance.now() - LEEWAY_MS;
  if (rest > 0) sleepBlocked(rest);
  while (performance.now() < due);
}

/**
 * Sends `rate` calls a second for `ms`, and waits for their answers as long again at the most. How
 * many were due, and how many were answered by then; the others count with the time they had waited.
 *
 * `call` promises an answer. While none is awaited the thread sleeps until shortly before the next
 * call is due; while one is, the loop turns without a rest.
 */
export async function paced(call, rate, ms) {
  const gapMs = 1000 / rate;
  const due = Math.min(MOST_CALLS, Math.max(1, Math.round(ms / gapMs)));
  const start = performance.now() + gapMs;
  const dueAt = (index) => start + index * gapMs;
  times.fill(Number.NaN, 0, due);
  let sent = 0;
  let settled = 0;
  let over = false;
  let failure;
  const send = (index) =>
    call().then(
      () => {
        settled += 1;
        if (!over) times[index] = performance.now() - dueAt(index);
      },
      (error) => {
        settled += 1;
        failure ??= error;
      },
    );

  while (settled < due && failure === undefined) {
    const now = performance.now();
    if (now >= start + 2 * ms) break;
    const ready = Math.min(due, Math.floor((now - start) / gapMs) + 1);
    const most = Math.min(ready, sent + MOST_TOGETHER, settled + MOST_IN_FLIGHT);
    while (sent < most) {
      send(sent);
      sent += 1;
    }
    if (settled < sent) await turn();
    else if (sent < due) waitUntil(dueAt(sent));
  }
  over = true;
  const answered = countTheRest(due, dueAt);
  // What is still on its way would else be a part of the next measurement.
  const patience = performance.now() + DRAIN_MS;
  while (settled < sent && failure === undefined) {
    if (performance.now() > patience) throw new Error(`${sent - settled} calls have no answer`);
    await turn();
  }
  if (failure !== undefined) throw failure;
  return { due, answered };
}

function countTheRest(due, dueAt) {
  const now = performance.now();
  let answered = due;
  for (let index = 0; index < due; index += 1) {
    if (!Number.isNaN(times[index])) continue;
    times[index] = now - dueAt(index);
    answered -= 1;
  }
  return answered;
}
