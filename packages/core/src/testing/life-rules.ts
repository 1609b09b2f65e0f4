// Rules 5 to 8: adding, changing and destroying, in call-backs too, and whose the descriptor is.

import assert from 'node:assert/strict';
import { POLLIN, POLLOUT } from '../poll/contract.js';
import type { RuleTest } from './rule.js';
import { ONE_BYTE, type Stage } from './stage.js';

async function addInside(stage: Stage): Promise<void> {
  const inner: number[] = [];
  let added = false;
  stage.watch(stage.readyPair().near, () => {
    if (added) return;
    added = true;
    stage.watch(stage.readyPair().near, (revents) => {
      inner.push(revents);
    });
  });
  await stage.until('a watch that was added in a call-back is served', () => inner.length >= 3);
}

async function modifyInside(stage: Stage): Promise<void> {
  const seen: number[] = [];
  const handle = stage.watch(stage.readyPair().near, (revents) => {
    seen.push(revents);
    handle.modify(seen.length % 2 === 0 ? POLLIN : POLLOUT);
  });
  await stage.until('a watch that changes itself is served', () => seen.length >= 8);
  for (const [index, revents] of seen.entries()) {
    assert.equal(revents, index % 2 === 0 ? POLLIN : POLLOUT, `call ${index}`);
  }
}

async function destroyInside(stage: Stage): Promise<void> {
  let calls = 0;
  const handle = stage.watch(stage.readyPair().near, () => {
    calls += 1;
    handle.destroy();
    handle.destroy();
  });
  await stage.until('served', () => calls > 0);
  await stage.settle();
  assert.equal(calls, 1);
}

async function watchAnewInside(stage: Stage): Promise<void> {
  const pair = stage.readyPair();
  let first = 0;
  let second = 0;
  const handle = stage.watch(pair.near, () => {
    first += 1;
    handle.destroy();
    stage.watch(pair.near, () => {
      second += 1;
    });
  });
  await stage.until('the second watch of the descriptor is served', () => second >= 3);
  assert.equal(first, 1);
}

async function destroyOthers(stage: Stage): Promise<void> {
  for (let round = 0; round < 30; round += 1) {
    const calls: number[] = [];
    const pairs = Array.from({ length: 8 }, () => stage.readyPair());
    const handles = pairs.map(({ near }, index) =>
      stage.watch(near, () => {
        calls.push(index);
        for (const handle of handles) handle.destroy();
        // Allowed at once, and what makes a late look at the descriptor a mistake.
        for (const pair of pairs) stage.close(pair.near, pair.far);
      }),
    );
    await stage.until('one is served', () => calls.length > 0);
    await stage.settle();
    assert.equal(calls.length, 1, 'served after destroy');
  }
}

// A promise's turn comes between two call-backs, or after all of them: either way destroy holds.
async function destroyByPromise(stage: Stage): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    let destroyed = false;
    let late = 0;
    const handles = Array.from({ length: 8 }, () =>
      stage.watch(stage.readyPair().near, async () => {
        if (destroyed) late += 1;
        await Promise.resolve();
        for (const handle of handles) handle.destroy();
        destroyed = true;
      }),
    );
    await stage.until('one is served', () => destroyed);
    await stage.settle();
    assert.equal(late, 0, 'served after destroy');
  }
}

async function destroyByJob(stage: Stage): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    const witnesses = Array.from({ length: 8 }, () => stage.witness(stage.readyPair().near));
    let calls = -1;
    const count = (): number => witnesses.reduce((sum, { seen }) => sum + seen.length, 0);
    await stage.until('all are served', () => witnesses.every(({ seen }) => seen.length > 0));
    stage.adapter.pollJobAdd(() => {
      for (const { handle } of witnesses) handle.destroy();
      calls = count();
    });
    await stage.until('the job ran', () => calls >= 0);
    await stage.settle();
    assert.equal(count(), calls, 'served after destroy');
  }
}

async function silentAfterDestroy(stage: Stage): Promise<void> {
  const pair = stage.readyPair();
  const { handle, seen } = stage.witness(pair.near);
  await stage.until('served', () => seen.length > 0);
  handle.destroy();
  const calls = seen.length;
  handle.ref();
  handle.unref();
  await stage.settle();
  assert.equal(seen.length, calls, 'served after destroy');

  const another = stage.witness(pair.near);
  another.handle[Symbol.dispose]();
  await stage.settle();
  assert.deepEqual(another.seen, [], 'served after dispose');
}

// Closes, opens, and watches until the kernel has given the same number again.
async function descriptorReuse(stage: Stage): Promise<void> {
  let reused = 0;
  for (let round = 0; round < 200 && reused < 20; round += 1) {
    const old = stage.readyPair();
    const before = stage.witness(old.near);
    await stage.until('served', () => before.seen.length > 0);
    before.handle.destroy();
    const calls = before.seen.length;
    stage.close(old.near, old.far);
    const fresh = stage.pair();
    const after = stage.witness(fresh.near);
    if (fresh.near === old.near) reused += 1;
    await stage.settle();
    assert.equal(before.seen.length, calls, 'the old watch was served');
    stage.io.write(fresh.far, ONE_BYTE);
    await stage.until('the new watch is served', () => after.seen.includes(POLLIN));
    after.handle.destroy();
    stage.close(fresh.near, fresh.far);
  }
  assert.ok(reused > 0, 'the kernel never gave a number again');
}

async function reuseInside(stage: Stage): Promise<void> {
  let late = 0;
  let served = 0;
  for (let round = 0; round < 20; round += 1) {
    const pairs = Array.from({ length: 4 }, () => stage.readyPair());
    let turned = false;
    const handles = pairs.map(({ near }) =>
      stage.watch(near, () => {
        if (turned) {
          late += 1;
          return;
        }
        turned = true;
        for (const handle of handles) handle.destroy();
        for (const pair of pairs) stage.close(pair.near, pair.far);
        for (const _ of pairs) {
          const handle = stage.watch(stage.readyPair().near, () => {
            served += 1;
            handle.destroy();
          });
        }
      }),
    );
    await stage.until('the new watches are served', () => served === (round + 1) * pairs.length);
  }
  await stage.settle();
  assert.equal(late, 0, 'an old watch was served');
}

async function descriptorUntouched(stage: Stage): Promise<void> {
  const pair = stage.pair();
  const message = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);
  const { handle, seen } = stage.witness(pair.near, POLLIN | POLLOUT);
  stage.io.write(pair.far, message);
  await stage.until('served', () => seen.filter((revents) => (revents & POLLIN) !== 0).length >= 5);
  assert.deepEqual(Uint8Array.from(stage.io.read(pair.near)), message);
  handle.destroy();
  await stage.settle();
  assert.throws(() => stage.io.read(pair.far), 'something was written');
  assert.equal(stage.io.write(pair.near, ONE_BYTE), 1);
  assert.deepEqual(Uint8Array.from(stage.io.read(pair.far)), ONE_BYTE);
}

async function oneWatchADescriptor(stage: Stage): Promise<void> {
  const pair = stage.readyPair();
  const { handle, seen } = stage.witness(pair.near);
  const nothing = (): void => {};
  assert.throws(() => stage.adapter.pollDispatchAdd(pair.near, nothing), Error);
  assert.throws(() => stage.adapter.pollAcceptAdd(pair.near, nothing), Error);
  await stage.until('the first watch is served', () => seen.length >= 3);
  handle.modify(0);
  assert.throws(() => stage.adapter.pollDispatchAdd(pair.near, nothing), Error);
  handle.destroy();
  const again = stage.witness(pair.near);
  await stage.until('a watch after the first is served', () => again.seen.length >= 3);
}

async function refused(stage: Stage): Promise<void> {
  const pair = stage.pair();
  stage.close(pair.near);
  const nothing = (): void => {};
  for (const fd of [pair.near, -1, 1.5, Number.NaN]) {
    assert.throws(() => stage.adapter.pollDispatchAdd(fd, nothing), Error, `descriptor ${fd}`);
    assert.throws(() => stage.adapter.pollAcceptAdd(fd, nothing), Error, `descriptor ${fd}`);
  }
  const { seen } = stage.witness(stage.readyPair().near);
  await stage.until('the adapter still works', () => seen.length >= 3);
}

export const lifeRules: readonly RuleTest[] = [
  { rule: 5, shows: 'a call-back may add a watch', run: addInside },
  { rule: 5, shows: 'a call-back may change its own watch', run: modifyInside },
  { rule: 5, shows: 'a call-back may destroy its own watch', run: destroyInside },
  { rule: 5, shows: 'a call-back may destroy its watch and watch anew', run: watchAnewInside },
  { rule: 6, shows: 'silence after destroy, which may come twice', run: silentAfterDestroy },
  { rule: 6, shows: 'silence for others that were ready in the same turn', run: destroyOthers },
  { rule: 6, shows: 'silence for those that a promise destroys', run: destroyByPromise },
  { rule: 6, shows: 'silence for those that a job destroys', run: destroyByJob },
  {
    rule: 6,
    shows: 'a descriptor may be closed and its number watched at once',
    run: descriptorReuse,
  },
  { rule: 6, shows: 'the same inside a call-back, with others ready', run: reuseInside },
  { rule: 7, shows: 'nothing is read, written or closed', run: descriptorUntouched },
  { rule: 8, shows: 'a second watch of a descriptor is an error', run: oneWatchADescriptor },
  { rule: 8, shows: 'what cannot be watched is an error, and no more', run: refused },
];
