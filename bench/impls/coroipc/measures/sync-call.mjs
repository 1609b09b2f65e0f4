// Calls that block: one after the other, or with a sleep before each.
import { callFor, callRested } from '../../../caller/sequence.mjs';
import { timesOf } from '../../../caller/times.mjs';
import { ECHO } from '../commands.mjs';
import { meter } from './meter.mjs';
import { clientFor, payloadOf } from './payloads.mjs';
import { measureZeroCopy } from './zero-copy-call.mjs';

/** Whether the bytes come back at all: looked at once, not in every call that is measured. */
function checkEcho(client, payload) {
  if (!client.callSync(ECHO, payload).equals(payload)) throw new Error('other bytes came back');
}

/** Measures calls of `client`, which block. */
export function measureCalls(client, bytes, { warmMs, ms }) {
  const payload = payloadOf(bytes);
  checkEcho(client, payload);
  const call = () => client.callSync(ECHO, payload);
  callFor(call, warmMs);
  const end = meter(client);
  const count = callFor(call, ms);
  return { ...end(count), ...timesOf(count) };
}

export async function syncCall(context, { payload, zeroCopy, ...effort }) {
  if (zeroCopy) return measureZeroCopy(context, payload, effort);
  return measureCalls(await clientFor(context, payload), payload, effort);
}

export function wake({ client }, { payload, warmMs, ms, pauseUs }) {
  const bytes = payloadOf(payload);
  checkEcho(client, bytes);
  // The thread sleeps, too: nothing of the client is awake when the call begins.
  const call = () => client.callSync(ECHO, bytes);
  callRested(call, warmMs, pauseUs);
  const end = meter(client);
  const count = callRested(call, ms, pauseUs);
  return { ...end(count), ...timesOf(count) };
}
