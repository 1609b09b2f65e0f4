// Every step that an end of a native connection can take, done by the ends and by the model, whose
// outcomes have to agree.

import fc from 'fast-check';
import { expect } from 'vitest';
import { CLIENT, type Ends, type Look, SERVER, type Shown, type Side } from './ends.js';
import { messageFor, type Size, sizes } from './messages.js';
import { type Channel, REQUEST_HEADER_BYTES, RESPONSE_HEADER_BYTES } from './model.js';

export type Step = fc.Command<Channel, Ends>;

function expectState(channel: Channel, ends: Ends): void {
  expect(ends.state()).toEqual({
    requestReady: !channel.requests.empty,
    responseReady: !channel.responses.empty,
    messageReady: !channel.dispatches.empty,
    backlog: channel.backlog,
    sent: channel.inFlight.size,
    unanswered: channel.unanswered.size,
    clientWants: channel.wants[CLIENT],
    serverWants: channel.wants[SERVER],
  });
}

// One step, by its name and what it was given.
export function step(
  name: string,
  run: (channel: Channel, ends: Ends) => void,
  check: (channel: Readonly<Channel>) => boolean = () => true,
): Step {
  return {
    check,
    run(channel, ends) {
      run(channel, ends);
      expectState(channel, ends);
    },
    toString: () => name,
  };
}

function expectLook(look: Look, wanted: Shown | undefined): void {
  if (wanted === undefined || look === undefined || look === 'breach') {
    expect(look).toBe(wanted);
    return;
  }
  expect([look.sequence, look.id, look.bytes.length]).toEqual([
    wanted.sequence,
    wanted.id,
    wanted.bytes.length,
  ]);
  expect(Buffer.compare(look.bytes, wanted.bytes)).toBe(0);
}

const send = (size: Size, slack: number): Step =>
  step(`send(${JSON.stringify(size)}, ${slack})`, (channel, ends) => {
    const sequence = channel.sent + 1;
    const { requests, inFlight, geometry } = channel;
    const made = messageFor(requests, REQUEST_HEADER_BYTES, sequence, size, slack);
    const fits = inFlight.size < geometry.inFlight && requests.put(made.message, made.shown);
    expect(ends.send(made.message)).toBe(fits ? sequence : 'no room');
    if (!fits) return;
    channel.sent = sequence;
    inFlight.add(sequence);
  });

const respond = (pick: number, size: Size, slack: number): Step =>
  step(
    `respond(${pick}, ${JSON.stringify(size)}, ${slack})`,
    (channel, ends) => {
      const open = [...channel.unanswered];
      const sequence = open[pick % open.length] ?? 0;
      const { responses } = channel;
      const made = messageFor(responses, RESPONSE_HEADER_BYTES, sequence, size, slack);
      const fits = responses.put(made.message, made.shown);
      expect(ends.respond(sequence, made.message)).toBe(fits ? 'done' : 'no room');
      if (fits) channel.unanswered.delete(sequence);
    },
    (channel) => channel.unanswered.size > 0,
  );

const dispatch = (size: Size, slack: number): Step =>
  step(`dispatch(${JSON.stringify(size)}, ${slack})`, (channel, ends) => {
    const sequence = channel.dispatched + 1;
    const { dispatches } = channel;
    const made = messageFor(dispatches, RESPONSE_HEADER_BYTES, sequence, size, slack);
    const fits = dispatches.put(made.message, made.shown);
    expect(ends.dispatch(made.message)).toBe(fits ? 'done' : 'no room');
    if (fits) channel.dispatched = sequence;
  });

const lookAtRequest = (): Step =>
  step('request()', (channel, ends) => {
    const { first } = channel.requests;
    expectLook(ends.request(), first);
    if (first !== undefined && !channel.seen.request) channel.unanswered.add(first.sequence);
    channel.seen.request = first !== undefined;
  });

const requestDone = (): Step =>
  step(
    'requestDone()',
    (channel, ends) => {
      ends.requestDone();
      channel.requests.take();
      channel.seen.request = false;
    },
    (channel) => channel.seen.request,
  );

const lookAtResponse = (): Step =>
  step('response()', (channel, ends) => {
    expectLook(ends.response(), channel.responses.first);
    channel.seen.response = !channel.responses.empty;
  });

const responseDone = (): Step =>
  step(
    'responseDone()',
    (channel, ends) => {
      ends.responseDone();
      channel.inFlight.delete(channel.responses.take().sequence);
      channel.seen.response = false;
    },
    (channel) => channel.seen.response,
  );

const lookAtMessage = (): Step =>
  step('message()', (channel, ends) => {
    expectLook(ends.message(), channel.dispatches.first);
    channel.seen.message = !channel.dispatches.empty;
  });

const messageDone = (): Step =>
  step(
    'messageDone()',
    (channel, ends) => {
      ends.messageDone();
      channel.dispatches.take();
      channel.seen.message = false;
    },
    (channel) => channel.seen.message,
  );

const setBacklog = (on: boolean): Step =>
  step(`setBacklog(${on})`, (channel, ends) => {
    ends.setBacklog(on);
    channel.backlog = on;
  });

const doze = (side: Side, wants: number): Step =>
  step(`doze(${side}, ${wants})`, (channel, ends) => {
    expect(ends.doze(side, wants)).toBe(channel.doze(side, wants));
  });

const wake = (side: Side): Step =>
  step(`wake(${side})`, (channel, ends) => {
    ends.wake(side);
    channel.wake(side);
  });

const mustRing = (side: Side, what: number): Step =>
  step(`mustRing(${side}, ${what})`, (channel, ends) => {
    expect(ends.mustRing(side, what)).toBe(channel.mustRing(side, what));
  });

const slack = fc.oneof(fc.constant(0), fc.nat(20));
const sides = fc.constantFrom<Side>(CLIENT, SERVER);
const wants = fc.nat(7);

export const steps: fc.Arbitrary<Step>[] = [
  fc.tuple(sizes, slack).map((given) => send(...given)),
  fc.tuple(fc.nat(64), sizes, slack).map((given) => respond(...given)),
  fc.tuple(sizes, slack).map((given) => dispatch(...given)),
  fc.constant(lookAtRequest()),
  fc.constant(requestDone()),
  fc.constant(lookAtResponse()),
  fc.constant(responseDone()),
  fc.constant(lookAtMessage()),
  fc.constant(messageDone()),
  fc.boolean().map(setBacklog),
  fc.tuple(sides, wants).map((given) => doze(...given)),
  sides.map(wake),
  fc.tuple(sides, wants).map((given) => mustRing(...given)),
];
