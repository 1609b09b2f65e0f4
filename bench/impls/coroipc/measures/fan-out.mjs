// One message to many: the server sends each to every listener, all of them in this process. What
// counts is a delivery.
import { countFor } from '../../../caller/grow.mjs';
import { FEED } from '../commands.mjs';
import { publish, receive } from './dispatch.mjs';
import { closeAll, connectMany } from './many.mjs';
import { meter } from './meter.mjs';

const FIRST = 256;

export async function fanOut({ client, connect }, { payload, subscribers, ...effort }) {
  const listen = (options) => connect({ ...options, service: FEED });
  const listeners = await connectMany(listen, subscribers, { dispatchBytes: 65_536 });
  const run = (messages) =>
    receive(listeners, 'handler', messages * subscribers, () =>
      publish(client, messages, payload, true),
    );
  const messages = await countFor(run, Math.ceil(FIRST / subscribers), effort);
  const end = meter(client);
  await run(messages);
  const result = end(messages * subscribers);
  await closeAll(listeners);
  return result;
}
