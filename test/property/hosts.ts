// Two programs that use the ends of a native connection by the rules of docs/native-wire.md. Each
// stops after every call into its end, so that a test decides who goes on.

import { CLIENT, type Ends, SERVER, type Side, WANTS } from './ends.js';

export interface Work {
  /** The sizes of the requests' bodies; each answer is as large as its request. */
  readonly requests: readonly number[];
  /** The sizes of the dispatch messages' bodies. */
  readonly messages: readonly number[];
}

/** Doorbells on their way to each side. */
export type Bells = [number, number];

/** `undefined` while it works, `'asleep'` while it waits for a doorbell. */
export type Host = Generator<'asleep' | undefined, void>;

const REQUEST_HEADER_BYTES = 16;
const RESPONSE_HEADER_BYTES = 24;

function messageOf(header: number, body: number): Buffer {
  const message = Buffer.alloc(header + body, body & 0xff);
  message.writeInt32LE(message.length, 0);
  return message;
}

function expectBody(bytes: Uint8Array, header: number, body: number | undefined): void {
  if (body === undefined || Buffer.compare(bytes.subarray(8), messageOf(header, body).subarray(8)))
    throw new Error(`a message of ${bytes.length} bytes where a body of ${body} was due`);
}

// No host breaks a rule here, so no end may say that one did.
function fine<Outcome>(outcome: Outcome | 'breach'): Outcome {
  if (outcome === 'breach') throw new Error('a breach, although both keep the rules');
  return outcome;
}

function* sleep(ends: Ends, bells: Bells, side: Side, wants: number): Host {
  const asleep = ends.doze(side, wants);
  yield;
  while (asleep && bells[side] === 0) yield 'asleep';
  bells[side] = 0;
  ends.wake(side);
}

function* tell(ends: Ends, bells: Bells, side: Side, did: number): Host {
  if (ends.mustRing(side, did)) bells[side === CLIENT ? SERVER : CLIENT] += 1;
  yield;
}

/** Sends all requests, and takes all answers and dispatch messages. */
export function* clientHost(ends: Ends, bells: Bells, { requests, messages }: Work): Host {
  const order: number[] = [];
  let answered = 0;
  let received = 0;
  for (let sent = 0; answered < requests.length || received < messages.length; ) {
    let did = 0;
    const body = requests[sent];
    if (body !== undefined) {
      const sequence = fine(ends.send(messageOf(REQUEST_HEADER_BYTES, body)));
      yield;
      if (typeof sequence === 'number') {
        order[sequence] = body;
        sent += 1;
        did |= WANTS.CALLS;
      }
    }
    const answer = fine(ends.response());
    yield;
    if (typeof answer === 'object') {
      expectBody(answer.bytes, RESPONSE_HEADER_BYTES, order[answer.sequence]);
      answered += 1;
      ends.responseDone();
      did |= WANTS.ROOM;
      yield;
    }
    const message = fine(ends.message());
    yield;
    if (typeof message === 'object') {
      expectBody(message.bytes, RESPONSE_HEADER_BYTES, messages[received]);
      received += 1;
      ends.messageDone();
      did |= WANTS.ROOM;
      yield;
    }
    yield* tell(ends, bells, CLIENT, did);
    const room = sent < requests.length ? WANTS.ROOM : 0;
    if (did === 0) yield* sleep(ends, bells, CLIENT, WANTS.CALLS | WANTS.DISPATCHES | room);
  }
}

/** Answers all requests, and sends all dispatch messages. */
export function* serverHost(ends: Ends, bells: Bells, { requests, messages }: Work): Host {
  const waiting: { sequence: number; body: number }[] = [];
  let answered = 0;
  for (let dispatched = 0; answered < requests.length || dispatched < messages.length; ) {
    let did = 0;
    const request = fine(ends.request());
    yield;
    if (typeof request === 'object') {
      const { sequence, bytes } = request;
      expectBody(bytes, REQUEST_HEADER_BYTES, requests[sequence - 1]);
      waiting.push({ sequence, body: bytes.length - REQUEST_HEADER_BYTES });
      ends.requestDone();
      did |= WANTS.ROOM;
      yield;
    }
    const first = waiting[0];
    if (first !== undefined) {
      const put = fine(ends.respond(first.sequence, messageOf(RESPONSE_HEADER_BYTES, first.body)));
      yield;
      if (put === 'done') {
        waiting.shift();
        answered += 1;
        did |= WANTS.CALLS;
      }
    }
    const body = messages[dispatched];
    if (body !== undefined) {
      const put = fine(ends.dispatch(messageOf(RESPONSE_HEADER_BYTES, body)));
      yield;
      if (put === 'done') {
        dispatched += 1;
        did |= WANTS.DISPATCHES;
      }
    }
    yield* tell(ends, bells, SERVER, did);
    const room = waiting.length > 0 || dispatched < messages.length ? WANTS.ROOM : 0;
    if (did === 0) yield* sleep(ends, bells, SERVER, WANTS.CALLS | room);
  }
}
