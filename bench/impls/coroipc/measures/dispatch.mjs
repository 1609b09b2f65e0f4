// Dispatch messages: the server publishes as fast as the ring takes them, a handler is called for
// each and looks at the payload.
import { HUSH, PUBLISH } from '../commands.mjs';
import { meter } from './meter.mjs';

const FIRST = 10_000;
// A u32 of the command says how many; it is never the limit.
export const WITHOUT_END = 0xffff_ffff;

/** Has the server publish `count` messages. */
export function publish(client, count) {
  const asked = Buffer.alloc(4);
  asked.writeUInt32LE(count);
  client.callSync(PUBLISH, asked);
}

/** Has it publish no more. Some may still be on their way. */
export const hush = (client) => client.callSync(HUSH);

/** Receives `count` messages; the milliseconds it took. */
function receive(client, count) {
  return new Promise((resolve) => {
    let rest = count;
    let sum = 0;
    const start = performance.now();
    const onDispatch = ({ payload }) => {
      sum += payload[0] + payload[payload.length - 1];
      rest -= 1;
      if (rest > 0) return;
      const tookMs = performance.now() - start;
      client.off('dispatch', onDispatch);
      if (sum !== count * 14) throw new Error('messages came with another content');
      resolve(tookMs);
    };
    client.on('dispatch', onDispatch);
    publish(client, count);
  });
}

export async function dispatch({ client }, { ms }) {
  // The first are warm-up, and tell how many to ask for.
  const count = Math.ceil((FIRST * ms) / (await receive(client, FIRST)));
  const end = meter(client);
  await receive(client, count);
  return end(count);
}
