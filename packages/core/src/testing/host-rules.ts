// Rules 9, 11 and 12 as far as they show inside one process.

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { POLLIN } from '../poll/contract.js';
import type { RuleTest } from './rule.js';
import { ONE_BYTE, type Stage } from './stage.js';

const MOST_CALLS_A_TURN = 40;
// So many that whoever did not get a turn meanwhile never will.
const MOST_JOBS = 2_000_000;

async function ownThread(stage: Stage): Promise<void> {
  const faults: string[] = [];
  let busy = true;
  let depth = 0;
  let calls = 0;
  const handle = stage.watch(stage.readyPair().near, () => {
    calls += 1;
    depth += 1;
    if (busy) faults.push('called out of one of its own functions');
    if (depth > 1) faults.push('called within its own call');
    if (threadId !== home) faults.push('called on another thread');
    busy = true;
    handle.modify(0);
    handle.modify(POLLIN);
    handle.ref();
    stage.witness(stage.readyPair().near).handle.destroy();
    stage.adapter.pollJobAdd(() => {});
    busy = false;
    depth -= 1;
  });
  const home = threadId;
  handle.modify(POLLIN);
  handle.unref();
  handle.ref();
  busy = false;
  await stage.until('served', () => calls >= 5);
  assert.deepEqual(faults, []);
}

async function chains(stage: Stage): Promise<void> {
  const { handle, seen } = stage.witness(stage.pair().near);
  assert.equal(handle.ref(), handle);
  assert.equal(handle.unref(), handle);
  assert.deepEqual(seen, []);
}

async function loopGoesOn(stage: Stage): Promise<void> {
  let calls = 0;
  // Several, each with something to do, so that one is ready again while another is served.
  for (let each = 0; each < 4; each += 1) {
    stage.watch(stage.readyPair().near, () => {
      calls += 1;
      const end = performance.now() + 0.05;
      while (performance.now() < end);
    });
  }
  await stage.until('served', () => calls >= 20);
  for (let round = 0; round < 5; round += 1) await stage.sleep(2);

  // Several calls in one turn are legal, but not so many that the others wait for them.
  let most = 0;
  for (let round = 0; round < 200; round += 1) {
    const before = calls;
    await turn();
    most = Math.max(most, calls - before);
  }
  assert.ok(most <= MOST_CALLS_A_TURN, `${most} calls in one turn of the loop`);
  const before = calls;
  await stage.until('served still', () => calls >= before + 20);
}

async function wakesASleeper(stage: Stage): Promise<void> {
  const pair = stage.pair();
  const seen: number[] = [];
  // Nothing else happens in this turn: readiness alone has to wake the loop.
  const served = new Promise<void>((resolve) => {
    stage.watch(pair.near, (revents) => {
      seen.push(revents);
      resolve();
    });
  });
  setTimeout(() => stage.io.write(pair.far, ONE_BYTE), 20);
  await stage.within('readiness wakes the loop', served);
  assert.equal(seen[0], POLLIN);
}

async function jobsInOrder(stage: Stage): Promise<void> {
  const ran: number[] = [];
  for (let job = 0; job < 50; job += 1) stage.adapter.pollJobAdd(() => void ran.push(job));
  assert.deepEqual(ran, [], 'a job ran at once');
  await stage.until('all jobs ran', () => ran.length >= 50);
  await stage.sleep(5);
  assert.deepEqual(
    ran,
    Array.from({ length: 50 }, (_, job) => job),
  );
}

// The timers are the host's, and those that `sleep` stands on: a loop's own, where it has some.
async function jobsOneTurnLater(stage: Stage): Promise<void> {
  const { seen } = stage.witness(stage.readyPair().near);
  await stage.until('served', () => seen.length > 0);
  let jobs = 0;
  let hostTimers = 0;
  let sleeps = 0;
  let busy = false;
  let nested = 0;
  const before = seen.length;
  const starved = (): boolean => hostTimers < 5 || sleeps < 5 || seen.length < before + 5;
  const timer = setInterval(() => {
    hostTimers += 1;
  }, 1);
  const sleeper = (async () => {
    for (; sleeps < 5; sleeps += 1) await stage.sleep(1);
  })();
  const again = (): void => {
    if (busy) nested += 1;
    busy = true;
    jobs += 1;
    if (starved() && jobs < MOST_JOBS) stage.adapter.pollJobAdd(again);
    busy = false;
  };
  stage.adapter.pollJobAdd(again);
  try {
    await stage.until('timers and readiness get their turn', () => !starved());
    await sleeper;
  } finally {
    clearInterval(timer);
  }
  assert.equal(nested, 0, 'a job ran out of pollJobAdd');
  assert.ok(jobs > 1);
  assert.ok(jobs < MOST_JOBS, 'timers or readiness had no turn between jobs');
}

async function jobWakesASleeper(stage: Stage): Promise<void> {
  await stage.sleep(5);
  const ran = new Promise<void>((resolve) => {
    setTimeout(() => stage.adapter.pollJobAdd(resolve), 20);
  });
  await stage.within('a job wakes the loop', ran);
}

async function servedUnrefed(stage: Stage): Promise<void> {
  const pair = stage.pair();
  const { handle, seen } = stage.witness(pair.near);
  handle.unref();
  await stage.sleep(2);
  stage.io.write(pair.far, ONE_BYTE);
  await stage.until('a watch that is unref-ed is served', () => seen.length >= 3);
}

export const hostRules: readonly RuleTest[] = [
  { rule: 9, shows: 'calls come on this thread, never out of the adapter', run: ownThread },
  { rule: 9, shows: 'ref and unref give the handle', run: chains },
  { rule: 11, shows: 'timers and immediates go on beside a ready descriptor', run: loopGoesOn },
  { rule: 11, shows: 'readiness wakes a loop that sleeps', run: wakesASleeper },
  { rule: 11, shows: 'unref-ed watches are served for as long as others live', run: servedUnrefed },
  { rule: 12, shows: 'jobs run in order, each once, and later', run: jobsInOrder },
  { rule: 12, shows: 'timers and readiness get their turn between jobs', run: jobsOneTurnLater },
  { rule: 12, shows: 'a job wakes a loop that sleeps', run: jobWakesASleeper },
];
