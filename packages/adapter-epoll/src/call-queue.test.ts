import { expect, it } from 'vitest';
import { CallQueue } from './call-queue.js';

const ready = (watch: number) => ({ watch, events: 1 });

it('gives what it was filled with, watches first, once each', () => {
  const queue = new CallQueue();
  expect([queue.length, queue.hasJob, queue.shift()]).toEqual([0, false, undefined]);
  const job = () => {};
  queue.fill([ready(1), ready(2)], [job]);
  expect([queue.length, queue.hasJob]).toEqual([3, true]);
  expect([queue.shift(), queue.shift()]).toEqual([ready(1), ready(2)]);
  expect([queue.length, queue.hasJob]).toEqual([1, true]);
  expect(queue.shift()).toBe(job);
  expect([queue.length, queue.hasJob, queue.shift()]).toEqual([0, false, undefined]);
});

it('can be filled again, cleared in the middle, and is without jobs when they are gone', () => {
  const queue = new CallQueue();
  queue.fill([ready(1)], []);
  expect(queue.hasJob).toBe(false);
  queue.shift();
  queue.fill([], [() => {}, () => {}]);
  queue.shift();
  queue.clear();
  expect([queue.length, queue.hasJob, queue.shift()]).toEqual([0, false, undefined]);
});
