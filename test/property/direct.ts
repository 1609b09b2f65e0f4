// JavaScript's own way into and out of the rings of both ends, a step at a time. It may leave
// anything to the ends; what it does has to be what they would have done.

import fc from 'fast-check';
import { expect } from 'vitest';
import { arrived } from '../../packages/core/src/arrivals.js';
import { ClientRings } from '../../packages/core/src/rings/client-rings.js';
import { CLIENT_LEDGER, SERVER_LEDGER } from '../../packages/core/src/rings/layout.js';
import { ServerRings } from '../../packages/core/src/rings/server-rings.js';
import { type Step, step } from './commands.js';
import { CLIENT, type Ends, SERVER, type Side, WANTS } from './ends.js';
import { messageFor, type Size, sizes } from './messages.js';
import { type Channel, REQUEST_HEADER_BYTES, RESPONSE_HEADER_BYTES } from './model.js';

interface Direct {
  readonly client: ClientRings;
  readonly server: ServerRings;
  /** What each side has left for the core to look at again, behind a fence. */
  readonly untold: readonly Int32Array[];
  /** Whether the core was told that it has to look at the sleeping side. */
  told: boolean;
}

const all = new WeakMap<Ends, Direct>();

function directOf(ends: Ends): Direct {
  const known = all.get(ends);
  if (known !== undefined) return known;
  const tell = () => {
    direct.told = true;
  };
  const [client, server] = [ends.rings(CLIENT), ends.rings(SERVER)];
  const direct: Direct = {
    client: new ClientRings(client, tell),
    server: new ServerRings(server, tell),
    untold: [
      new Int32Array(client.ledger, 4 * CLIENT_LEDGER.untold, 1),
      new Int32Array(server.ledger, 4 * SERVER_LEDGER.untold, 1),
    ],
    told: false,
  };
  all.set(ends, direct);
  return direct;
}

/** How often each step was done, and left to the ends. */
export const tally = new Map<string, { done: number; left: number }>();

function count(name: string, done: boolean): void {
  const counts = tally.get(name) ?? { done: 0, left: 0 };
  counts[done ? 'done' : 'left'] += 1;
  tally.set(name, counts);
}

// Whoever falls asleep at this moment is seen only behind a fence: the core is to look once more.
function expectNoted(ends: Ends, side: Side, what: number): void {
  const untold = directOf(ends).untold[side] as Int32Array;
  expect((untold[0] as number) & what).toBe(what);
  untold[0] = 0;
}

// A peer that sleeps for what was published is rung for: the core has been told, and does it.
function expectTold(channel: Channel, ends: Ends, side: Side, what: number): void {
  const direct = directOf(ends);
  expectNoted(ends, side, what);
  const must = channel.mustRing(side, what);
  if (must) expect(direct.told).toBe(true);
  expect(ends.mustRing(side, what)).toBe(must);
  direct.told = false;
}

const idOf = (message: Buffer): number => message.readInt32LE(8);

const send = (size: Size): Step =>
  step(`direct send(${JSON.stringify(size)})`, (channel, ends) => {
    const sequence = channel.sent + 1;
    const { requests, inFlight, geometry } = channel;
    const { message, shown } = messageFor(requests, REQUEST_HEADER_BYTES, sequence, size, 0);
    const payload = message.subarray(REQUEST_HEADER_BYTES);
    const token = directOf(ends).client.send(idOf(message), payload);
    count('send', token > 0);
    if (token === 0) return;
    expect(token).toBe(sequence);
    expect(inFlight.size).toBeLessThan(geometry.inFlight);
    expect(requests.put(message, shown)).toBe(true);
    channel.sent = sequence;
    inFlight.add(sequence);
    expectTold(channel, ends, CLIENT, WANTS.CALLS);
  });

const take = (): Step =>
  step('direct take()', (channel, ends) => {
    const { first } = channel.requests;
    const slot = { token: 0, requestId: 0, offset: -1 };
    const size = directOf(ends).server.take(slot);
    count('take', size > 0);
    if (size === 0) return;
    expect(channel.seen.request).toBe(false);
    const bytes = arrived(slot.offset, size);
    expect(slot.token).toBe(first?.sequence);
    expect(slot.requestId).toBe(idOf(bytes));
    expect(Buffer.compare(bytes, first?.bytes ?? Buffer.alloc(0))).toBe(0);
    channel.unanswered.add(channel.requests.take().sequence);
    expectNoted(ends, SERVER, WANTS.ROOM);
  });

const respond = (size: Size): Step =>
  step(
    `direct respond(${JSON.stringify(size)})`,
    (channel, ends) => {
      const sequence = Math.max(...channel.unanswered);
      const { responses } = channel;
      const { message, shown } = messageFor(responses, RESPONSE_HEADER_BYTES, sequence, size, 0);
      const payload = message.subarray(RESPONSE_HEADER_BYTES);
      const done = directOf(ends).server.respond(sequence, idOf(message), 0, payload);
      count('respond', done);
      if (!done) return;
      expect(responses.put(message, shown)).toBe(true);
      channel.unanswered.delete(sequence);
      expectTold(channel, ends, SERVER, WANTS.CALLS);
    },
    (channel) => channel.unanswered.size > 0,
  );

const dispatch = (size: Size): Step =>
  step(`direct dispatch(${JSON.stringify(size)})`, (channel, ends) => {
    const sequence = channel.dispatched + 1;
    const { dispatches } = channel;
    const { message, shown } = messageFor(dispatches, RESPONSE_HEADER_BYTES, sequence, size, 0);
    // A dispatch message of JavaScript's says that all is well.
    message.writeInt32LE(1, 16);
    const payload = message.subarray(RESPONSE_HEADER_BYTES);
    const done = directOf(ends).server.dispatch(idOf(message), payload);
    count('dispatch', done);
    if (!done) return;
    expect(dispatches.put(message, shown)).toBe(true);
    channel.dispatched = sequence;
    expectTold(channel, ends, SERVER, WANTS.DISPATCHES);
  });

const answers = (): Step =>
  step('direct answers()', (channel, ends) => {
    let taken = 0;
    const { seen } = channel;
    directOf(ends).client.answers((token, status, payload) => {
      taken += 1;
      expect(seen.response).toBe(false);
      const { sequence, bytes } = channel.responses.take();
      expect([token, status]).toEqual([sequence, 0]);
      expect(Buffer.compare(payload, bytes.subarray(RESPONSE_HEADER_BYTES))).toBe(0);
      channel.inFlight.delete(sequence);
    });
    count('answers', taken > 0);
    if (taken > 0) expectNoted(ends, CLIENT, WANTS.ROOM);
  });

/** The steps that go past the core. */
export const directSteps: fc.Arbitrary<Step>[] = [
  sizes.map(send),
  fc.constant(take()),
  sizes.map(respond),
  sizes.map(dispatch),
  fc.constant(answers()),
];
