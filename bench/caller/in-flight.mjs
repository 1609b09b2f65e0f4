// So many calls in flight, each followed by the next as soon as it is answered.
import { MOST_CALLS, times } from './times.mjs';

/**
 * Keeps a call of each lane in flight for so long; `lanes` are functions that promise an answer, the
 * same one or others. How many calls were answered, and how many of them were the first lane's: the
 * times are its own, since looking at the clock would else be a part of what is measured.
 */
export async function keepInFlight([timed, ...others], ms) {
  let ofOthers = 0;
  let ofTimed = 0;
  let over = false;
  const timedLane = async () => {
    let before = performance.now();
    const end = before + ms;
    while (before < end && ofTimed < MOST_CALLS) {
      await timed();
      const after = performance.now();
      times[ofTimed] = after - before;
      before = after;
      ofTimed += 1;
    }
    over = true;
  };
  const lane = async (call) => {
    while (!over) {
      await call();
      ofOthers += 1;
    }
  };
  await Promise.all([timedLane(), ...others.map(lane)]);
  return { count: ofTimed + ofOthers, timed: ofTimed };
}

/** `count` lanes of the same call. */
export const lanesOf = (call, count) => Array.from({ length: count }, () => call);
