// Dispatch messages: the server publishes as fast as the ring takes them, each is handed to who
// looks at both ends of its payload.
import { dispatches } from '@coroipc/adapter-rxjs';
import { countFor } from '../../../caller/grow.mjs';
import { FILL, HUSH, PUBLISH } from '../commands.mjs';
import { meter } from './meter.mjs';

const FIRST = 256;
// A u32 of the command says how many; it is never the limit.
export const WITHOUT_END = 0xffff_ffff;

/** Has the server publish `count` messages of so many bytes, to `client` or to all listeners. */
export function publish(client, count, bytes, toAll = false) {
  const asked = Buffer.alloc(12);
  asked.writeUInt32LE(count, 0);
  asked.writeUInt32LE(bytes, 4);
  asked.writeUInt32LE(toAll ? 1 : 0, 8);
  client.callSync(PUBLISH, asked);
}

/** Has it publish no more. Some may still be on their way. */
export const hush = (client) => client.callSync(HUSH);

/** How to be handed the messages of a client; each returns how to be handed no more of them. */
export const FORMS = {
  handler(client, take) {
    client.on('dispatch', take);
    return () => client.off('dispatch', take);
  },
  batch(client, take) {
    const messages = (batch) => {
      for (const message of batch) take(message);
    };
    const subscription = client.onMessage({ messages });
    return () => subscription.close();
  },
  rxjs(client, take) {
    const subscription = dispatches(client).subscribe(take);
    return () => subscription.unsubscribe();
  },
};

/** Resolves to the milliseconds in which `receivers` have received `count` messages together. */
export function receive(receivers, form, count, begin) {
  return new Promise((resolve, reject) => {
    let rest = count;
    let sum = 0;
    const take = ({ payload }) => {
      sum += payload[0] + payload[payload.length - 1];
      rest -= 1;
      if (rest > 0) return;
      const tookMs = performance.now() - start;
      for (const leave of leaves) leave();
      if (sum === count * 2 * FILL) resolve(tookMs);
      else reject(new Error('messages came with another content'));
    };
    const leaves = receivers.map((each) => FORMS[form](each, take));
    const start = performance.now();
    begin();
  });
}

export async function dispatch({ client }, { payload, form, ...effort }) {
  if (FORMS[form] === undefined) return [];
  const run = (count) => receive([client], form, count, () => publish(client, count, payload));
  const count = await countFor(run, FIRST, effort);
  const end = meter(client);
  await run(count);
  return end(count);
}
