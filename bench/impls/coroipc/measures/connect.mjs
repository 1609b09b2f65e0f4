// Connections that are made and closed, one after the other.
import { awaitFor } from '../../../caller/sequence.mjs';
import { timesOf } from '../../../caller/times.mjs';
import { meter } from './meter.mjs';

export async function connect({ client, connect: open }, { warmMs, ms }) {
  const call = async () => {
    const opened = await open();
    await opened.close();
  };
  await awaitFor(call, warmMs);
  const end = meter(client);
  const count = await awaitFor(call, ms);
  return { ...end(count), ...timesOf(count) };
}
