// Rules 1, 3 and 4: when `onReady` runs, and with which bits.

import assert from 'node:assert/strict';
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from '../poll/contract.js';
import type { RuleTest } from './rule.js';
import { ONE_BYTE, type Stage } from './stage.js';

const ALWAYS = POLLERR | POLLHUP | POLLNVAL;

async function readable(stage: Stage): Promise<void> {
  const pair = stage.pair();
  const { seen } = stage.witness(pair.near);
  await stage.settle();
  stage.io.write(pair.far, ONE_BYTE);
  await stage.until('a readable descriptor is reported again and again', () => seen.length >= 8);
  for (const revents of seen) assert.equal(revents & ~ALWAYS & ~POLLIN, 0);
  assert.ok(seen.at(-1) === POLLIN);

  stage.io.read(pair.near);
  await stage.settle();
  const calls = seen.length;
  await stage.settle();
  assert.equal(seen.length, calls, 'reported after all was read');
}

async function writable(stage: Stage): Promise<void> {
  const pair = stage.pair();
  const { handle, seen } = stage.witness(pair.near, POLLIN | POLLOUT);
  await stage.until('a writable descriptor is reported again and again', () => seen.length >= 8);
  assert.equal(seen.at(-1), POLLOUT);

  stage.fill(pair.near);
  await stage.settle();
  const calls = seen.length;
  await stage.settle();
  assert.equal(seen.length, calls, 'reported as writable while it is full');

  stage.io.write(pair.far, ONE_BYTE);
  await stage.until('only readable', () => seen.at(-1) === POLLIN);
  stage.io.read(pair.near);
  for (let left = 64; left > 0; left -= 1) {
    try {
      stage.io.read(pair.far);
    } catch {
      break;
    }
  }
  await stage.until('writable again', () => seen.at(-1) === POLLOUT);
  handle.destroy();
}

async function acceptIsForInput(stage: Stage): Promise<void> {
  const pair = stage.readyPair();
  const seen: number[] = [];
  const handle = stage.adapter.pollAcceptAdd(pair.near, (revents) => {
    seen.push(revents);
  });
  await stage.until('a descriptor of pollAcceptAdd is reported', () => seen.length >= 3);
  handle.destroy();
  for (const revents of seen) assert.equal(revents, POLLIN);
}

async function notAskedFor(stage: Stage): Promise<void> {
  const pair = stage.readyPair();
  const { handle, seen } = stage.witness(pair.near, 0);
  await stage.settle();
  assert.deepEqual(seen, [], 'reported while nothing was asked for');
  handle.modify(POLLOUT);
  await stage.until('writable is reported', () => seen.length >= 3);
  for (const revents of seen) assert.equal(revents, POLLOUT);
  handle.modify(POLLIN);
  seen.length = 0;
  await stage.until('readable is reported', () => seen.length >= 3);
  for (const revents of seen) assert.equal(revents, POLLIN);
}

async function readAtDelivery(stage: Stage): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    const calls: number[] = [];
    const handles = Array.from({ length: 6 }, (_, index) =>
      stage.watch(stage.readyPair().near, () => {
        calls.push(index);
        for (const handle of handles) handle.modify(0);
      }),
    );
    await stage.until('one is served', () => calls.length > 0);
    await stage.settle();
    assert.equal(calls.length, 1, 'served for what was no longer asked');
    for (const handle of handles) handle.destroy();
  }
}

async function changedAtDelivery(stage: Stage): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    const later: number[] = [];
    let changed = false;
    const handles = Array.from({ length: 6 }, () =>
      stage.watch(stage.readyPair().near, (revents) => {
        if (changed) later.push(revents);
        changed = true;
        for (const handle of handles) handle.modify(POLLOUT);
      }),
    );
    await stage.until('those that now wait for room are served', () => later.length >= 12);
    for (const revents of later) assert.equal(revents, POLLOUT, 'served for what was asked before');
    for (const handle of handles) handle.destroy();
  }
}

export const readinessRules: readonly RuleTest[] = [
  { rule: 1, shows: 'a readable descriptor is reported in every turn, until read', run: readable },
  { rule: 1, shows: 'a writable descriptor is reported while it can take more', run: writable },
  { rule: 1, shows: 'pollAcceptAdd watches for input', run: acceptIsForInput },
  { rule: 4, shows: 'what is not asked for is not reported', run: notAskedFor },
  { rule: 4, shows: 'interest is read at delivery', run: readAtDelivery },
  { rule: 4, shows: 'interest that a call-back changes holds for all', run: changedAtDelivery },
];
