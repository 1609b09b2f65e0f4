// Many connections of one client: one of them calls and the others do nothing, or all of them call.
import { keepInFlight } from '../../../caller/in-flight.mjs';
import { timesOf } from '../../../caller/times.mjs';
import { ECHO, PAYLOAD } from '../commands.mjs';
import { closeAll, connectMany } from './many.mjs';
import { meter } from './meter.mjs';
import { payloadOf } from './payloads.mjs';
import { measureCalls } from './sync-call.mjs';

export async function hotAmong1000({ connect }, { connections, ...effort }) {
  const clients = await connectMany(connect, connections);
  const result = measureCalls(clients[0], PAYLOAD, effort);
  await closeAll(clients);
  return result;
}

export async function allHot({ client, connect }, { connections, warmMs, ms }) {
  const clients = await connectMany(connect, connections);
  const payload = payloadOf(PAYLOAD);
  const lanes = clients.map((each) => () => each.call(ECHO, payload));
  await keepInFlight(lanes, warmMs);
  const end = meter(client);
  const { count, timed } = await keepInFlight(lanes, ms);
  const result = { ...end(count), ...timesOf(timed) };
  await closeAll(clients);
  return result;
}
