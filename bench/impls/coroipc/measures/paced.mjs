// Calls at moments that were set before.
import { paced as sendPaced } from '../../../caller/paced.mjs';
import { timesOf } from '../../../caller/times.mjs';
import { ECHO } from '../commands.mjs';
import { meter } from './meter.mjs';
import { payloadOf } from './payloads.mjs';

export async function paced({ client }, { payload, warmMs, ms, rate }) {
  const bytes = payloadOf(payload);
  const call = () => client.call(ECHO, bytes);
  await sendPaced(call, rate, warmMs);
  const end = meter(client);
  const { due, answered } = await sendPaced(call, rate, ms);
  return { ...end(answered), ...timesOf(due) };
}
