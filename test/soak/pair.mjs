// The soak of two processes: they exchange numbered messages over both channels, with stalls on both
// sides, and hold each against what was due. None may be lost, doubled, changed or out of order.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { at } from '../../scripts/run.mjs';

/** No message for so long: it hangs. */
const STUCK_SECONDS = 60;

const count = (number) => Math.round(number).toLocaleString('en').replaceAll(',', ' ');

const total = ({ pipelined, synchronous, dispatches }) =>
  2 * (pipelined + synchronous) + dispatches;

function line(now, before = { pipelined: 0, synchronous: 0, dispatches: 0, seconds: 0 }) {
  const rate = (total(now) - total(before)) / (now.seconds - before.seconds);
  return [
    `${now.seconds.toFixed(0)} s: ${count(total(now))} messages, ${count(rate)} a second`,
    `calls ${count(now.pipelined)} pipelined, ${count(now.synchronous)} synchronous`,
    `dispatch messages ${count(now.dispatches)}`,
  ].join('; ');
}

function start(module, args) {
  const child = fork(at(`test/soak/${module}`), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const gone = once(child, 'exit').then(([code, signal]) => signal ?? code);
  return { child, gone };
}

// The client's last message, or nothing when a process ended before it, or nothing moved any more.
function watch(client, server) {
  return new Promise((resolve) => {
    let now;
    let shown;
    let still = 0;
    const timer = setInterval(() => {
      const moved = now !== undefined && (shown === undefined || total(now) > total(shown));
      still = moved ? 0 : still + 1;
      if (moved) console.log(line(now, shown));
      if (moved) shown = now;
      if (still >= STUCK_SECONDS) end(`nothing came for ${STUCK_SECONDS} s`);
    }, 1000);
    let over = false;
    const end = (why, last) => {
      if (over) return;
      over = true;
      clearInterval(timer);
      if (why !== undefined) console.error(why);
      resolve(last);
    };
    client.child.on('message', (message) => {
      now = message;
      if (message.outcome !== undefined) end(undefined, message);
    });
    for (const [who, { gone }] of Object.entries({ client, server })) {
      gone.then((how) => end(`the ${who} ended too early: ${how}`));
    }
  });
}

async function run({ messages, seconds, wire }) {
  const name = `coroipc-soak-${process.pid}`;
  const server = start('server.mjs', [name, wire]);
  const first = await Promise.race([once(server.child, 'message'), server.gone]);
  if (!Array.isArray(first)) throw new Error(`the server ended before it was ready: ${first}`);
  const client = start('client.mjs', [name, wire, messages, seconds]);
  const last = await watch(client, server);
  for (const { child } of [client, server]) if (last === undefined) child.kill('SIGKILL');
  const code = await client.gone;
  if (server.child.connected) server.child.disconnect();
  await server.gone;
  return code === 0 ? last : undefined;
}

/** Runs it, and says how it went; whether all was right. */
export async function pair(options) {
  const { wire } = options;
  const last = await run(options);
  if (last === undefined) {
    console.error(`the soak over the ${wire} wire did not come to its end`);
    return false;
  }
  const { lost, doubled, outOfOrder, changed } = last.outcome;
  const { request, response, dispatch } = last.sizes;
  console.log(`${wire} wire, largest payloads ${request}, ${response} and ${dispatch} bytes`);
  console.log(
    `${line(last)}; ${lost} lost, ${doubled} doubled, ${outOfOrder} out of order, ${changed} changed`,
  );
  return lost + doubled + outOfOrder + changed === 0;
}
