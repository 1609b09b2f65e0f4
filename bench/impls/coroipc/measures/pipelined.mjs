// Promises: so many calls in flight, each followed by the next as soon as it is answered.
import { percentilesNs } from '../../../statistics.mjs';
import { ECHO, PAYLOAD } from '../commands.mjs';
import { meter } from './meter.mjs';

const payload = Buffer.alloc(PAYLOAD, 7);

/**
 * Keeps `inFlight` calls in flight for so long: how many were answered, and the times of one lane.
 * Only that lane looks at the clock, which would else be a part of what is measured.
 */
export async function keepInFlight(client, inFlight, ms) {
  const times = [];
  let count = 0;
  let over = false;
  const timedLane = async () => {
    let before = performance.now();
    const end = before + ms;
    while (before < end) {
      await client.call(ECHO, payload);
      const after = performance.now();
      times.push(after - before);
      before = after;
      count += 1;
    }
    over = true;
  };
  const lane = async () => {
    while (!over) {
      await client.call(ECHO, payload);
      count += 1;
    }
  };
  await Promise.all([timedLane(), ...Array.from({ length: inFlight - 1 }, lane)]);
  return { count, times: Float64Array.from(times) };
}

export async function pipelined({ client }, { warmMs, ms, inFlight }) {
  await keepInFlight(client, inFlight, warmMs);
  const end = meter(client);
  const { count, times } = await keepInFlight(client, inFlight, ms);
  return { ...end(count), ...percentilesNs(times) };
}
