// Rule 2: hang-up, in all the ways a peer can go.

import assert from 'node:assert/strict';
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, type PollEvents } from '../poll/contract.js';
import type { RuleTest } from './rule.js';
import { ONE_BYTE, type Pair, type Stage } from './stage.js';

const ALWAYS = POLLERR | POLLHUP | POLLNVAL;

interface Farewell {
  readonly words: string;
  say(stage: Stage, pair: Pair): void;
}

const FAREWELLS: readonly Farewell[] = [
  { words: 'a peer that goes', say: (stage, { far }) => stage.close(far) },
  {
    words: 'a peer that goes with our bytes unread',
    say: (stage, { near, far }) => {
      stage.io.write(near, ONE_BYTE);
      stage.close(far);
    },
  },
  {
    words: 'a peer that goes while its bytes are unread',
    say: (stage, { far }) => {
      stage.io.write(far, ONE_BYTE);
      stage.close(far);
    },
  },
  {
    words: 'a peer that goes with bytes unread on both sides',
    say: (stage, { near, far }) => {
      stage.io.write(near, ONE_BYTE);
      stage.io.write(far, ONE_BYTE);
      stage.close(far);
    },
  },
  {
    words: 'both sides shut down',
    say: (stage, { near, far }) => {
      stage.io.shutdownWrite(far);
      stage.io.shutdownWrite(near);
    },
  },
];

const INTERESTS: readonly (readonly [string, PollEvents])[] = [
  ['nothing', 0],
  ['input', POLLIN],
  ['output', POLLOUT],
  ['input and output', POLLIN | POLLOUT],
];

const hangUps = (seen: readonly PollEvents[]): number =>
  seen.filter((revents) => (revents & POLLHUP) !== 0).length;

async function reported(stage: Stage, farewell: Farewell, events: PollEvents): Promise<void> {
  // One that is gone already when the watch begins, and one that goes later.
  const early = stage.pair();
  const late = stage.pair();
  farewell.say(stage, early);
  const witnesses = [stage.witness(early.near, events), stage.witness(late.near, events)];
  await stage.settle();
  assert.equal(hangUps(witnesses[1]?.seen ?? []), 0, 'hang-up before the peer went');
  farewell.say(stage, late);

  for (const { handle, seen } of witnesses) {
    await stage.until('hang-up is reported again and again', () => hangUps(seen) >= 8);
    for (const revents of seen) assert.equal(revents & ~ALWAYS & ~events, 0, 'bits not asked for');
    handle.destroy();
    const calls = seen.length;
    await stage.settle();
    assert.equal(seen.length, calls, 'reported after destroy');
  }
}

async function survivesModify(stage: Stage): Promise<void> {
  const pair = stage.pair();
  stage.close(pair.far);
  const { handle, seen } = stage.witness(pair.near);
  for (const [words, events] of [...INTERESTS, ...INTERESTS]) {
    handle.modify(events);
    seen.length = 0;
    await stage.until(`hang-up is reported to who asks for ${words}`, () => hangUps(seen) >= 3);
  }
}

async function halfClosed(stage: Stage, events: PollEvents, full: boolean): Promise<void> {
  const pair = stage.pair();
  if (full) stage.fill(pair.near);
  const { seen } = stage.witness(pair.near, events);
  stage.io.shutdownWrite(pair.far);
  if ((events & POLLIN) !== 0) {
    await stage.until('the end of the stream is readable', () => seen.length >= 8);
  }
  await stage.settle();
  assert.equal(hangUps(seen), 0, 'hang-up while the peer still reads');
  for (const revents of seen) assert.equal(revents, POLLIN);
  stage.close(pair.far);
  await stage.until('hang-up is reported', () => hangUps(seen) >= 8);
}

export const hangUpRules: readonly RuleTest[] = [
  ...FAREWELLS.flatMap((farewell) =>
    INTERESTS.map(([words, events]) => ({
      rule: 2,
      shows: `${farewell.words} is reported, asked for ${words}`,
      run: (stage: Stage) => reported(stage, farewell, events),
    })),
  ),
  { rule: 2, shows: 'hang-up is reported whatever modify asks for', run: survivesModify },
  {
    rule: 2,
    shows: 'a peer that only stops sending is input, and no hang-up',
    run: (stage) => halfClosed(stage, POLLIN, false),
  },
  {
    rule: 2,
    shows: 'a peer that only stops sending is nothing to who asks for nothing',
    run: (stage) => halfClosed(stage, 0, false),
  },
  {
    rule: 2,
    shows: 'a peer that only stops sending is nothing to who waits for room',
    run: (stage) => halfClosed(stage, POLLOUT, true),
  },
];
