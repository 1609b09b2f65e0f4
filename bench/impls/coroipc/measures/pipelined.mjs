// Promises: so many calls in flight, each followed by the next as soon as it is answered.
import { keepInFlight, lanesOf } from '../../../caller/in-flight.mjs';
import { timesOf } from '../../../caller/times.mjs';
import { ECHO } from '../commands.mjs';
import { meter } from './meter.mjs';
import { payloadOf } from './payloads.mjs';

export async function pipelined({ client }, { payload, warmMs, ms, inFlight }) {
  const bytes = payloadOf(payload);
  const lanes = lanesOf(() => client.call(ECHO, bytes), inFlight);
  await keepInFlight(lanes, warmMs);
  const end = meter(client);
  const { count, timed } = await keepInFlight(lanes, ms);
  return { ...end(count), ...timesOf(timed) };
}
