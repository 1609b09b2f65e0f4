// What a poll adapter, on both sides, makes of calls and of messages. A call that blocks would not go
// through the caller's adapter, so this one is awaited.
import { awaitFor } from '../../../caller/sequence.mjs';
import { timesOf } from '../../../caller/times.mjs';
import { ECHO } from '../commands.mjs';
import { dispatch } from './dispatch.mjs';
import { meter } from './meter.mjs';
import { payloadOf } from './payloads.mjs';

async function calls(client, payload, { warmMs, ms }) {
  const call = () => client.call(ECHO, payload);
  await awaitFor(call, warmMs);
  const end = meter(client);
  const count = await awaitFor(call, ms);
  return { ...end(count), ...timesOf(count) };
}

export async function adapters({ client }, { open: { adapter }, payload, ...effort }) {
  const ofCalls = await calls(client, payloadOf(payload), effort);
  const ofMessages = await dispatch({ client }, { payload, form: 'handler', ...effort });
  return [
    { variant: `${adapter}: call`, ...ofCalls },
    { variant: `${adapter}: dispatch`, ...ofMessages },
  ];
}
