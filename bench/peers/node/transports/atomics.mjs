// Shared memory between two threads, Atomics.wait and Atomics.notify, and nothing else: a slot for a
// request and its answer, and a ring of messages. What somebody writes by hand who wants no library.
//
// Who waits looks for a while before it sleeps, where the other has a CPU of its own; nobody is
// notified who does not sleep. The answer is looked at where it lies.
import { answerTo } from '../answer.mjs';
import { BYTES } from '../payloads.mjs';
import { startThread } from '../thread.mjs';
import { RING_BYTES, Ring } from './atomics-ring.mjs';
import { Word } from './atomics-word.mjs';

// How often a thread looks before it sleeps, where another may run meanwhile.
const SPINS = 2000;

const SLOT_BYTES = 1024 * 1024;

// What both threads share, each word on a cache line of its own.
const LINE = 64;
const REQUEST = 0;
const ANSWER = 1;
const HEAD = 2;
const TAIL = 3;
const LINES = 4;

function partsOf(memory, spins) {
  const wordAt = (line) => new Word(memory, line * LINE, spins);
  const slots = LINES * LINE;
  const bytesAt = (offset, bytes) => Buffer.from(memory, offset, bytes);
  return {
    request: wordAt(REQUEST),
    answer: wordAt(ANSWER),
    requestBytes: bytesAt(slots, SLOT_BYTES),
    answerBytes: bytesAt(slots + SLOT_BYTES, SLOT_BYTES),
    ring: new Ring(wordAt(HEAD), wordAt(TAIL), bytesAt(slots + 2 * SLOT_BYTES, RING_BYTES)),
  };
}

/** Serves for ever: this thread has no loop. */
export function serve({ memory, spins }) {
  const { request, answer, requestBytes, answerBytes, ring } = partsOf(memory, spins);
  let published;
  const publish = (message, { count }) => {
    published = { message, count };
  };
  for (let calls = 1; ; calls += 1) {
    const length = request.await(calls);
    const message = answerTo(requestBytes.subarray(0, length), BYTES, publish);
    answerBytes.set(message);
    answer.tell(calls, message.length);
    if (published === undefined) continue;
    for (let sent = 0; sent < published.count; sent += 1) ring.write(published.message);
    published = undefined;
  }
}

export async function connect({ cpus }) {
  const spins = cpus.server !== undefined && cpus.caller === cpus.server ? 0 : SPINS;
  const memory = new SharedArrayBuffer(LINES * LINE + 2 * SLOT_BYTES + RING_BYTES);
  const { request, answer, requestBytes, answerBytes, ring } = partsOf(memory, spins);
  await startThread('atomics', cpus, { memory, spins });
  let calls = 0;
  let take;
  const callSync = (payload) => {
    calls += 1;
    requestBytes.set(payload);
    request.tell(calls, payload.length);
    return answerBytes.subarray(0, answer.await(calls));
  };
  return {
    payloads: BYTES,
    oneProcess: true,
    callSync,
    call: async (payload) => callSync(payload),
    async subscribe(to) {
      take = to;
      return async () => {};
    },
    drain(count) {
      for (let taken = 0; taken < count; taken += 1) ring.read(take);
    },
  };
}
