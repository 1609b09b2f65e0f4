// A message of `bytes` through a zero-copy buffer, answered with 64 bytes by a server that looks at
// both its ends; or, without a buffer, the same call with the bytes copied.
import { callFor } from '../../../caller/sequence.mjs';
import { timesOf } from '../../../caller/times.mjs';
import { FILL, LOOK } from '../commands.mjs';
import { meter } from './meter.mjs';
import { payloadOf } from './payloads.mjs';

export async function zcb({ client }, { warmMs, ms, bytes, zeroCopy }) {
  const buffer = zeroCopy ? await client.createBuffer(bytes) : undefined;
  buffer?.bytes.fill(FILL);
  const payload = buffer ?? payloadOf(bytes);
  const call = () => client.callSync(LOOK, payload);
  callFor(call, warmMs);
  const end = meter(client);
  const count = callFor(call, ms);
  const rate = end(count);
  buffer?.free();
  return { ...rate, ...timesOf(count) };
}
