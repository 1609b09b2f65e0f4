// MessagePorts between two threads.
//
// A caller that blocks sleeps in Atomics.wait until the answer is there and takes it with
// receiveMessageOnPort, without its loop: on either side of a 'message' event this was the fastest
// of what Node documents. Large payloads are transferred, there and back, which copies nothing.
// A port has no end to its queue: the receiver counts in shared memory, and the sender looks.
import { setImmediate as turn } from 'node:timers/promises';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { answerTo } from '../answer.mjs';
import { InOrder } from '../in-order.mjs';
import { BYTES } from '../payloads.mjs';
import { startThread } from '../thread.mjs';

// From here a transfer costs less than a copy.
const TRANSFERRED = 64 * 1024;
// Messages that may be on their way.
const WINDOW = 4096;
// The receiver tells of so many at a time.
const COUNTED = 64;

// The words that both threads share.
const ASLEEP = 0;
const TAKEN = 1;

function post(port, message) {
  if (message.byteLength < TRANSFERRED) port.postMessage(message);
  else port.postMessage(message, [message.buffer]);
}

async function publishTo(ports, message, count, shared) {
  await turn();
  const before = Atomics.load(shared, TAKEN);
  const total = count * ports.length;
  for (let sent = 0; sent < total; ) {
    const taken = (Atomics.load(shared, TAKEN) - before) | 0;
    const end = Math.min(total, taken + WINDOW);
    for (; sent < end; sent += ports.length) {
      // A transfer would take the message away from those that follow.
      for (const port of ports) port.postMessage(message);
    }
    await turn();
  }
}

export async function serve({ port, shared }) {
  let subscribed = [];
  const publish = (message, { count, subscribers }) =>
    publishTo(subscribers === 0 ? [port] : subscribed, message, count, shared);
  port.on('message', (request) => {
    if (Array.isArray(request)) {
      subscribed = request;
      return;
    }
    post(port, answerTo(request, BYTES, publish));
    if (Atomics.compareExchange(shared, ASLEEP, 1, 0) === 1) Atomics.notify(shared, ASLEEP);
  });
}

/** Calls that block; a payload that was transferred is the one that came back. */
function blockingCalls(port, shared) {
  let back;
  return (payload) => {
    let sent = payload;
    if (payload.length >= TRANSFERRED) {
      sent = back?.length === payload.length ? back : Uint8Array.from(payload);
    }
    Atomics.store(shared, ASLEEP, 1);
    post(port, sent);
    let received;
    // The word may be set before the message can be seen.
    do {
      Atomics.wait(shared, ASLEEP, 1);
      received = receiveMessageOnPort(port);
    } while (received === undefined);
    const { message } = received;
    if (message.length >= TRANSFERRED) back = message;
    return message;
  };
}

/** Counts what `take` takes, so that the sender can see it. */
function counted(take, shared) {
  let untold = 0;
  return (message) => {
    untold += 1;
    if (untold === COUNTED) {
      Atomics.add(shared, TAKEN, untold);
      untold = 0;
    }
    take(message);
  };
}

export async function connect({ cpus }) {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const { port1: port, port2 } = new MessageChannel();
  await startThread('message-port', cpus, { port: port2, shared }, [port2]);
  const answers = new InOrder();
  let take;
  port.on('message', (message) => {
    if (take !== undefined && answers.none) take(message);
    else answers.answer(message);
  });
  return {
    payloads: BYTES,
    oneProcess: true,
    callSync: blockingCalls(port, shared),
    call(payload) {
      port.postMessage(payload);
      return answers.next();
    },
    async subscribe(to, subscribers) {
      take = counted(to, shared);
      const channels = Array.from({ length: subscribers }, () => new MessageChannel());
      for (const { port1 } of channels) port1.on('message', take);
      const others = channels.map(({ port2: other }) => other);
      port.postMessage(others, others);
      return async () => {
        take = undefined;
        for (const { port1 } of channels) port1.close();
      };
    },
  };
}
