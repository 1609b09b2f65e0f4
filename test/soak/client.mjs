// The client of the soak: calls of both kinds, mixed, while dispatch messages come; stalls now and
// then. node client.mjs NAME WIRE MESSAGES SECONDS. Tells its parent how far it is, and at the end
// the outcome of both sides.
import { setTimeout as sleep } from 'node:timers/promises';
import { libuvPoll } from '@coroipc/adapter-libuv';
import { CoroIpcError, CS, IpcClient } from '@coroipc/core';
import { NOTHING_WRONG, Received, sum } from './stream.mjs';
import {
  block,
  COMMAND,
  contents,
  LIMITS,
  largest,
  MOST_BYTES,
  oneOf,
  random,
  SERVICE,
} from './traffic.mjs';

const REPORT_MS = 250;

const [name, wire, messages, seconds] = process.argv.slice(2);
// Another geometry every time: what is short of room waits elsewhere.
const [requestBytes, responseBytes, dispatchBytes] = [1, 2, 3].map(() => oneOf(LIMITS.ringBytes));
const maxInFlight = oneOf(LIMITS.inFlight);
console.log(
  `rings of ${requestBytes}, ${responseBytes} and ${dispatchBytes} bytes, ${maxInFlight} in flight`,
);
const client = await IpcClient.connect({
  name,
  service: SERVICE,
  wire,
  requestBytes,
  responseBytes,
  dispatchBytes,
  maxInFlight,
  adapter: libuvPoll(),
});
if ((client.wire ?? 'classic') !== wire) throw new Error(`this build has no ${wire} wire`);

function works(call, status) {
  try {
    call();
    return true;
  } catch (error) {
    if (CoroIpcError.is(error, status)) return false;
    throw error;
  }
}

function sizes() {
  const bytes = Buffer.alloc(MOST_BYTES);
  const wanted = Buffer.alloc(8);
  const request = largest((size) =>
    works(() => client.callSync(COMMAND.FILL, bytes.subarray(0, size)), CS.ERR_INVALID_PARAM),
  );
  const response = largest((size) => {
    wanted.writeUInt32LE(size);
    return works(() => client.callSync(COMMAND.FILL, wanted), CS.ERR_TOO_BIG);
  });
  wanted.writeUInt32LE(request);
  wanted.writeUInt32LE(response, 4);
  return JSON.parse(client.callSync(COMMAND.BEGIN, wanted).toString());
}

// The messages that come before the largest sizes are known wait until then.
let dispatches;
let early = [];
const subscription = client.onMessage({
  message: ({ id, payload }) => {
    if (id !== COMMAND.BEGIN) return;
    if (dispatches === undefined) early.push(payload);
    else dispatches.take(payload);
    if (random(100_000) === 0) stallReading();
  },
});

async function stallReading() {
  if (random(4) === 0) return block(random(10));
  subscription.pause();
  await sleep(random(20));
  subscription.resume();
}

const most = sizes();
const traffic = contents(most);
dispatches = new Received(traffic.dispatch);
for (const payload of early) dispatches.take(payload);
early = [];

const calls = { pipelined: 0, synchronous: 0 };
const wrong = { ...NOTHING_WRONG };
const start = performance.now();
let reported = start;

const done = () => 2 * (calls.pipelined + calls.synchronous) + dispatches.count;
const over = () => done() >= Number(messages) || performance.now() - start > Number(seconds) * 1000;

function report() {
  const now = performance.now();
  if (now - reported < REPORT_MS) return;
  reported = now;
  process.send({ ...calls, dispatches: dispatches.count, seconds: (now - start) / 1000 });
}

// A call's answer that is another's is one that came at the wrong time.
function check(content, number, answer) {
  if (content.is(number, answer)) return;
  const near = [-4, -3, -2, -1, 1, 2, 3, 4].some((by) => content.is(number + by, answer));
  wrong[near ? 'outOfOrder' : 'changed'] += 1;
}

let sent = 0;
async function pipelined(count, window) {
  const { request, response } = traffic.pipelined;
  let left = count;
  const one = async () => {
    for (; left > 0 && !over(); left--) {
      const number = sent;
      sent += 1;
      const answer = await client.call(COMMAND.PIPELINED, request.message(number));
      check(response, number, answer);
      calls.pipelined += 1;
      if (number % 1024 === 0) report();
    }
  };
  await Promise.all(Array.from({ length: window }, one));
}

function synchronous(count) {
  const { request, response } = traffic.synchronous;
  for (let left = count; left > 0; left--) {
    const number = calls.synchronous;
    check(response, number, client.callSync(COMMAND.SYNCHRONOUS, request.message(number)));
    calls.synchronous += 1;
  }
  report();
}

while (!over()) {
  let open = true;
  const piped = pipelined(1 + random(20_000), 1 + random(2) * random(500)).then(() => {
    open = false;
  });
  // In the midst of those, and of their answers.
  while (open) {
    await sleep(random(10));
    if (random(3) === 0) synchronous(1 + random(500));
    if (random(100) === 0) block(random(10));
  }
  await piped;
  if (random(10) === 0) await sleep(random(30));
}

const poured = Number(client.callSync(COMMAND.END).toString());
// What was sent and does not come is found by whoever watches: the run does not end then.
while (dispatches.count < poured) {
  await sleep(5);
  report();
}
const took = (performance.now() - start) / 1000;
const theirs = client.callSync(COMMAND.OUTCOME, JSON.stringify([sent, calls.synchronous]));
// What comes for a call that nobody waits for was answered twice.
const doubled = client.stats?.().lateAnswers ?? 0;
const outcome = sum([
  { ...wrong, doubled },
  dispatches.outcome(poured),
  JSON.parse(theirs.toString()),
]);
await client.close();
process.send({ ...calls, dispatches: dispatches.count, seconds: took, sizes: most, outcome }, () =>
  process.disconnect(),
);
