// A message of `bytes` through a zero-copy buffer, answered with 64 bytes by a server that looks at
// both its ends; or, without a buffer, the same call with the bytes copied.
import { LOOK } from '../commands.mjs';
import { meter } from './meter.mjs';
import { callFor, timesOf } from './sync-call.mjs';

export async function zcb({ client }, { warmMs, ms, bytes, zeroCopy }) {
  if (typeof client.createBuffer !== 'function') return [];
  const buffer = zeroCopy ? await client.createBuffer(bytes) : undefined;
  const payload = buffer ?? Buffer.alloc(bytes, 7);
  const call = (each) => each.callSync(LOOK, payload);
  callFor(call, client, warmMs);
  const end = meter(client);
  const count = callFor(call, client, ms);
  const rate = end(count);
  buffer?.free();
  return { ...rate, ...timesOf(count) };
}
