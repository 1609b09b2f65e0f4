// Calls that block, with the request in a zero-copy buffer of the client's and the answer in one of the
// server's. The request lies where it was made; the server copies it once, since a page has one writer.
import { callFor } from '../../../caller/sequence.mjs';
import { timesOf } from '../../../caller/times.mjs';
import { ECHO_BUFFER, FILL, MAKE_BUFFER } from '../commands.mjs';
import { meter } from './meter.mjs';
import { payloadOf } from './payloads.mjs';

export async function measureZeroCopy({ client, connect }, bytes, { warmMs, ms }) {
  // The other wire has no such buffers.
  if (client.wire !== 'native') return [];
  // Its own connection, which gets answers where they lie.
  const caller = await connect({ inPlace: true });
  const request = await caller.createBuffer(bytes);
  request.bytes.fill(FILL);
  const asked = Buffer.alloc(4);
  asked.writeUInt32LE(bytes);
  await caller.call(MAKE_BUFFER, asked);
  const call = () => {
    const answer = caller.callSync(ECHO_BUFFER, request);
    if (answer[0] !== FILL || answer[bytes - 1] !== FILL) throw new Error('other bytes came back');
    caller.release(answer);
  };
  const first = caller.callSync(ECHO_BUFFER, request);
  if (!first.equals(payloadOf(bytes))) throw new Error('other bytes came back');
  caller.release(first);
  callFor(call, warmMs);
  const end = meter(client);
  const count = callFor(call, ms);
  const result = { ...end(count), ...timesOf(count) };
  await caller.close();
  return result;
}
