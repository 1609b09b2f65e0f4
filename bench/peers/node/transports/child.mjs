// Messages of child_process.fork: the caller is the parent, the server its child.
//
// 'advanced' carries a Buffer. 'json' carries text, and it is given text, as it is mostly used:
// bytes would need base64 on top, which costs more than is told here. A full channel is what `send`
// says by false; its callback tells when to go on.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { answerTo } from '../answer.mjs';
import { InOrder } from '../in-order.mjs';
import { BYTES, TEXT } from '../payloads.mjs';

const SERVER = fileURLToPath(new URL('../server.mjs', import.meta.url));
const payloadsOf = (serialization) => (serialization === 'json' ? TEXT : BYTES);

async function publish(message, { count }) {
  await turn();
  // Others get their turn after so many, also where the channel is never full.
  const burst = 512;
  for (let sent = 1; sent <= count; sent += 1) {
    let left;
    const told = new Promise((resolve) => {
      left = resolve;
    });
    if (!process.send(message, undefined, undefined, left)) await told;
    else if (sent % burst === 0) await turn();
  }
}

export async function serve({ serialization }) {
  const payloads = payloadsOf(serialization);
  process.on('message', (request) => process.send(answerTo(request, payloads, publish)));
}

export async function connect({ serialization, cpu }) {
  const args = ['child', JSON.stringify({ serialization })];
  const pinned = { execPath: 'taskset', execArgv: ['-c', String(cpu), process.execPath] };
  const child = fork(SERVER, args, { serialization, ...(cpu === undefined ? {} : pinned) });
  child.on('exit', (code, signal) => {
    throw new Error(`the child ended with ${signal ?? `code ${code}`}`);
  });
  await once(child, 'message');
  const answers = new InOrder();
  let take;
  child.on('message', (message) => {
    if (take !== undefined && answers.none) take(message);
    else answers.answer(message);
  });
  return {
    payloads: payloadsOf(serialization),
    call(payload) {
      child.send(payload);
      return answers.next();
    },
    async subscribe(to) {
      take = to;
      return async () => {
        take = undefined;
      };
    },
  };
}
