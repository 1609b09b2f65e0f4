// One message to many: the server sends each to every listener, all of them in this process. What
// counts is a delivery.
import { FEED } from '../commands.mjs';
import { publish, receive } from './dispatch.mjs';
import { closeAll, connectMany } from './many.mjs';
import { meter } from './meter.mjs';

const FIRST = 20_000;

export async function fanOut({ client, connect }, { payload, ms, subscribers }) {
  const listen = (options) => connect({ ...options, service: FEED });
  const listeners = await connectMany(listen, subscribers, { dispatchBytes: 65_536 });
  const run = (messages) =>
    receive(listeners, 'handler', messages * subscribers, () =>
      publish(client, messages, payload, true),
    );
  const first = Math.ceil(FIRST / subscribers);
  const messages = Math.ceil((first * ms) / (await run(first)));
  const end = meter(client);
  await run(messages);
  const result = end(messages * subscribers);
  await closeAll(listeners);
  return result;
}
