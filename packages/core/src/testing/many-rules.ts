// Thousands of watches at once: what holds for a few must hold for as many as a loop fetches in
// several batches.

import assert from 'node:assert/strict';
import type { RuleTest } from './rule.js';
import { ONE_BYTE, type Pair, type Stage } from './stage.js';

function manyPairs(stage: Stage, count: number): Pair[] {
  const pairs: Pair[] = [];
  try {
    while (pairs.length < count) pairs.push(stage.pair());
  } catch (cause) {
    throw new Error(
      `${count} watches need ${2 * count} descriptors, and there were ${2 * pairs.length}: ` +
        'raise the limit (ulimit -n), or test fewer by the option watches',
      { cause },
    );
  }
  return pairs;
}

async function eachDestroysItself(stage: Stage, count: number): Promise<void> {
  const pairs = manyPairs(stage, count);
  const calls = new Array<number>(count).fill(0);
  const handles = pairs.map(({ near }, index) =>
    stage.watch(near, () => {
      calls[index] = (calls[index] ?? 0) + 1;
      handles[index]?.destroy();
    }),
  );
  for (const { far } of pairs) stage.io.write(far, ONE_BYTE);
  await stage.until('all are served', () => calls.every((each) => each > 0));
  await stage.settle();
  assert.ok(
    calls.every((each) => each === 1),
    'served after destroy',
  );
}

async function oneDestroysAll(stage: Stage, count: number): Promise<void> {
  const pairs = manyPairs(stage, count);
  let calls = 0;
  const handles = pairs.map(({ near }) =>
    stage.watch(near, () => {
      calls += 1;
      for (const handle of handles) handle.destroy();
      for (const { near, far } of pairs) stage.close(near, far);
    }),
  );
  for (const { far } of pairs) stage.io.write(far, ONE_BYTE);
  await stage.until('one is served', () => calls > 0);
  await stage.settle();
  assert.equal(calls, 1, 'served after destroy');
}

async function oneAmongIdle(stage: Stage, count: number): Promise<void> {
  const pairs = manyPairs(stage, count);
  const witnesses = pairs.map(({ near }) => stage.witness(near));
  const chosen = [0, Math.floor(count / 2), count - 1];
  for (const index of chosen) {
    stage.io.write(pairs[index]?.far ?? -1, ONE_BYTE);
    await stage.until('the ready one is served', () => (witnesses[index]?.seen.length ?? 0) >= 3);
  }
  const served = witnesses.flatMap(({ seen }, index) => (seen.length > 0 ? [index] : []));
  assert.deepEqual(served, [...new Set(chosen)], 'idle ones were served');
}

/** The tests over `count` watches. */
export function manyRules(count: number): RuleTest[] {
  return [
    {
      rule: 5,
      shows: `${count} watches are all served, and destroyed while others are ready`,
      run: (stage) => eachDestroysItself(stage, count),
    },
    {
      rule: 6,
      shows: `one of ${count} that are ready destroys them all`,
      run: (stage) => oneDestroysAll(stage, count),
    },
    {
      rule: 1,
      shows: `one among ${count} idle watches is reported, and no other`,
      run: (stage) => oneAmongIdle(stage, count),
    },
  ];
}
